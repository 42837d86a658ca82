from __future__ import annotations

import hashlib

import pytest

T = "/team-messaging/v1"
CHATS, CONVERSATIONS = f"{T}/chats", f"{T}/conversations"
COLLEAGUE = 400131428008


@pytest.fixture
def team(caller):
    return caller.get(CHATS, {"type": "Team"}).json()["records"][0]["id"]


def code(answer):
    entry = answer.json()["errors"][0]
    return answer.status_code, entry["errorCode"], entry.get("parameterName")


def post(caller, chat, text="Hello", **more):
    return caller.post(f"{CHATS}/{chat}/posts", {"text": text, **more})


def email_of(caller, extension):
    return caller.get(f"/restapi/v1.0/account/~/extension/{extension}").json()["contact"]["email"]


def test_chats(caller):
    records = caller.get(CHATS).json()["records"]
    assert [(chat["type"], chat.get("name")) for chat in records] == [
        ("Everyone", "Everyone"), ("Team", "Data Alerts"), ("Team", "Lunch"), ("Personal", None),
    ]  # fmt: skip
    personal = records[3]
    assert caller.get(f"{CHATS}/~").json() == personal
    assert [member["id"] for member in personal["members"]] == ["400131427008"]
    assert [chat["type"] for chat in caller.get(CHATS, {"type": ["Personal", "Everyone"]}).json()["records"]] == [
        "Everyone", "Personal",
    ]  # fmt: skip
    assert code(caller.get(CHATS, {"type": "Club"})) == (400, "CMN-101", "type")
    assert code(caller.get(CHATS, {"recordCount": 251})) == (400, "CMN-101", "recordCount")


def test_page_tokens_of_chats_keep_the_type_filter(caller):
    names = [caller.sandbox.add_chat(name=f"Team {number}")["name"] for number in range(5)]
    page = caller.get(CHATS, {"type": "Team", "recordCount": 3}).json()
    assert set(page["navigation"]) == {"nextPageToken"}
    seen = [page]
    while "nextPageToken" in page["navigation"]:
        page = caller.get(CHATS, {"pageToken": page["navigation"]["nextPageToken"]}).json()
        seen.append(page)
    assert [chat["name"] for page in seen for chat in page["records"]] == ["Data Alerts", "Lunch", *names]
    back = caller.get(CHATS, {"pageToken": page["navigation"]["prevPageToken"]}).json()
    assert back["records"] == seen[-2]["records"]
    assert code(caller.get(CHATS, {"pageToken": "x"})) == (400, "CMN-101", "pageToken")


def test_a_conversation_is_created_once(caller):
    made = caller.post(CONVERSATIONS, {"members": [{"email": email_of(caller, COLLEAGUE).upper()}]})
    assert (made.status_code, made.json()["type"]) == (201, "Direct")
    again = caller.post(CONVERSATIONS, {"members": [{"id": str(COLLEAGUE)}, {"id": "400131427008"}]})
    assert (again.status_code, again.json()) == (200, made.json())
    assert caller.get(f"{CONVERSATIONS}/{made.json()['id']}").json() == made.json()
    alone = caller.post(CONVERSATIONS, {"members": []})
    assert (alone.status_code, alone.json()["type"]) == (200, "Personal")
    three = caller.post(CONVERSATIONS, {"members": [{"id": str(COLLEAGUE)}, {"id": "400131429008"}]})
    assert (three.status_code, three.json()["type"]) == (201, "Group")
    assert caller.get(CONVERSATIONS).json()["records"] == [three.json()]
    nobody = caller.post(CONVERSATIONS, {"members": [{"email": "nobody@example.com"}]})
    assert code(nobody) == (400, "CMN-101", "members[0].email")
    assert code(caller.post(CONVERSATIONS, {"members": [{}] * 16})) == (400, "CMN-101", "members")


def test_people_are_found_by_email(caller):
    email = email_of(caller, COLLEAGUE)
    found = caller.get("/restapi/v1.0/account/~/extension", {"email": email}).json()["records"]
    assert [extension["id"] for extension in found] == [COLLEAGUE]
    assert caller.get("/restapi/v1.0/account/~/extension", {"email": "no@example.com"}).json()["records"] == []
    assert caller.get(f"{T}/persons/{COLLEAGUE}").json()["email"] == email
    assert code(caller.get(f"{T}/persons/7")) == (404, "CMN-102", "personId")


def test_two_teams_can_have_one_name(caller):
    for _ in range(2):
        made = caller.post(f"{T}/teams", {"name": "Data Alerts", "members": [{"id": str(COLLEAGUE)}]})
        assert made.status_code == 201
    teams = caller.get(f"{T}/teams").json()["records"]
    assert [team["name"] for team in teams] == ["Data Alerts", "Lunch", "Data Alerts", "Data Alerts"]
    assert caller.get(f"{T}/teams/{teams[2]['id']}").json()["name"] == "Data Alerts"
    assert code(caller.post(f"{T}/teams", {})) == (400, "CMN-100", "name")
    assert code(caller.post(f"{T}/teams", {"name": "x" * 251})) == (400, "CMN-101", "name")


def test_a_post_is_created_changed_and_deleted(caller, team):
    made = post(caller, team, f"![:Person]({COLLEAGUE}) look at ![:Team]({team})")
    shown = made.json()
    assert made.status_code == 201
    assert (shown["groupId"], shown["creatorId"], shown["type"]) == (team, "400131427008", "TextMessage")
    assert [(one["type"], one["id"], one["name"]) for one in shown["mentions"]][1] == ("Team", team, "Data Alerts")
    path = f"{CHATS}/{team}/posts/{shown['id']}"
    assert caller.get(path).json() == shown
    changed = caller.send("PATCH", path, json={"text": "Never mind"}).json()
    assert (changed["text"], changed["mentions"]) == ("Never mind", [])
    assert changed["lastModifiedTime"] > changed["creationTime"]
    assert [found["text"] for found in caller.sandbox.posts(team)] == ["Never mind"]
    assert caller.send("DELETE", path).status_code == 204
    assert code(caller.send("DELETE", path)) == (404, "CMN-102", "postId")
    assert caller.sandbox.posts() == []


def test_posts_of_others_cannot_be_changed(caller, team):
    theirs = caller.sandbox.add_post(team, "Mine")["id"]
    path = f"{CHATS}/{team}/posts/{theirs}"
    assert caller.get(path).json()["text"] == "Mine"
    assert code(caller.send("PATCH", path, json={"text": "x"}))[:2] == (403, "CMN-404")
    assert code(caller.send("DELETE", path))[:2] == (403, "CMN-404")


def test_answers(caller, team):
    first = post(caller, team).json()["id"]
    second = post(caller, team, parentPostId=first).json()
    assert (second["parentPostId"], second["threadId"]) == (first, first)
    assert caller.get(f"{CHATS}/{team}/posts/{first}").json()["isParent"] is True
    assert code(post(caller, team, parentPostId="7")) == (404, "CMN-102", "parentPostId")


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_posts_are_paged_in_both_directions(start, order):
    caller = start(calls=0, posts_order=order)
    texts = [str(number) for number in range(7)]
    for text in texts:
        post(caller, "~", text)
    first = caller.get(f"{CHATS}/~/posts", {"recordCount": 3}).json()
    assert "prevPageToken" not in first["navigation"]
    pages = [first]
    while "nextPageToken" in pages[-1]["navigation"]:
        if len(pages) == 2:
            caller.sandbox.add_post(first["records"][0]["groupId"], "in between")
        token = pages[-1]["navigation"]["nextPageToken"]
        pages.append(caller.get(f"{CHATS}/~/posts", {"pageToken": token}).json())
    seen = [found["text"] for page in pages for found in page["records"]]
    assert seen == (texts[::-1] if order == "newest" else [*texts, "in between"])
    back = caller.get(f"{CHATS}/~/posts", {"pageToken": pages[-1]["navigation"]["prevPageToken"]}).json()
    assert [found["text"] for found in back["records"]] == seen[3:6]


def test_lists_show_a_post_after_the_lag(start):
    caller = start(calls=0, message_lag=3600)
    made = post(caller, "~").json()["id"]
    assert caller.get(f"{CHATS}/~/posts").json()["records"] == []
    assert caller.get(f"{CHATS}/~/posts/{made}").status_code == 200
    caller.sandbox.set(message_lag=0)
    assert [found["id"] for found in caller.get(f"{CHATS}/~/posts").json()["records"]] == [made]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, (400, "CMN-100", "text")),
        ({"text": "x" * 10_001}, (400, "CMN-101", "text")),
        ({"attachments": [{"id": "7", "type": "Card"}]}, (400, "CMN-101", "attachments[0].type")),
        ({"attachments": [{"id": "7", "type": "File"}]}, (400, "CMN-101", "attachments[0].id")),
        ({"attachments": [{"id": "7", "type": "File"}] * 26}, (400, "CMN-101", "attachments")),
    ],
)
def test_posts_that_are_refused(caller, team, body, error):
    assert code(caller.post(f"{CHATS}/{team}/posts", body)) == error
    assert caller.sandbox.posts() == []


def test_a_card_as_an_attachment_is_refused(caller, team):
    answer = post(caller, team, attachments=[{"id": "7", "type": "Card"}])
    assert answer.json()["message"] == "Parameter [attachments[0].type] value is invalid."


def test_who_may_post_where(caller):
    lunch = next(chat["id"] for chat in caller.sandbox.chats() if chat.get("name") == "Lunch")
    assert caller.get(f"{CHATS}/{lunch}").status_code == 200
    assert code(post(caller, lunch))[:2] == (403, "CMN-404")
    secret = caller.sandbox.add_chat(name="Secret", members=[COLLEAGUE])["id"]
    assert code(post(caller, secret)) == (404, "CMN-102", "chatId")
    archived = caller.sandbox.add_chat(name="Old", status="Archived")["id"]
    assert code(post(caller, archived)) == (400, "CMN-101", "chatId")
    assert code(post(caller, "7")) == (404, "CMN-102", "chatId")


def test_exceeding_the_daily_limit_is_a_500(start):
    caller = start(calls=0, limits={"Medium": 1000, "Light": 1000}, posts_per_day=2)
    assert [post(caller, "~").status_code for _ in range(3)] == [201, 201, 500]
    refused = post(caller, "~")
    assert refused.json()["message"] == "You have exceeded your limits for this action."
    caller.sandbox.set(posts_per_day=0)
    assert post(caller, "~").status_code == 201


CARD = {"type": "AdaptiveCard", "version": "1.0", "fallbackText": "Red", "body": [{"type": "TextBlock", "text": "Red"}]}


def test_a_card_is_created_changed_and_deleted(caller, team):
    made = caller.post(f"{CHATS}/{team}/adaptive-cards", CARD)
    shown = made.json()
    assert (made.status_code, shown["version"], shown["chatIds"]) == (201, "1.3", [team])
    path = f"{T}/adaptive-cards/{shown['id']}"
    assert caller.get(path).json()["body"] == CARD["body"]
    assert caller.send("PUT", path, json=CARD | {"body": []}).json()["id"] == shown["id"]
    assert caller.get(path).json()["body"] == []
    [found] = caller.get(f"{CHATS}/{team}/posts").json()["records"]
    assert (found["text"], found["attachments"]) == ("Red", [{"id": shown["id"], "type": "Card"}])
    assert caller.sandbox.posts(team)[0]["attachments"][0]["card"]["body"] == []
    both = caller.get(f"{path},7", Accept="application/vnd.ringcentral.multipart+json").json()
    assert [item["status"] for item in both] == [200, 404]
    assert caller.send("DELETE", path).status_code == 204
    assert caller.get(path).status_code == 404
    assert caller.sandbox.posts() == []


@pytest.mark.parametrize(
    ("card", "error"),
    [
        ({"body": []}, (400, "CMN-100", "type")),
        ({"type": "Card"}, (400, "CMN-101", "type")),
        ({"type": "AdaptiveCard", "body": {}}, (400, "CMN-101", "body")),
        ([], (400, "CMN-103", None)),
    ],
)
def test_cards_that_are_refused(caller, team, card, error):
    assert code(caller.post(f"{CHATS}/{team}/adaptive-cards", card)) == error


DATA = bytes(range(256)) * 1000


def upload(caller, data=DATA, **params):
    return caller.send("POST", f"{T}/files", params=params, data=data, headers={"Content-Type": "text/csv"})


def test_a_file_is_attached_to_a_post(caller, team):
    [file] = upload(caller, name="calls.csv").json()
    assert file["name"] == "calls.csv"
    assert caller.sandbox.posts() == []
    shown = post(caller, team, "Here", attachments=[{"id": file["id"], "type": "File"}]).json()
    assert [(one["type"], one["name"]) for one in shown["attachments"]] == [("File", "calls.csv")]
    [truth] = caller.sandbox.posts()[0]["attachments"]
    assert (truth["size"], truth["sha256"]) == (len(DATA), hashlib.sha256(DATA).hexdigest())


def test_files_with_a_group_are_posted(caller, team):
    files = [("body", ("a.csv", b"1", "text/csv")), ("body", ("b.csv", b"2", "text/csv"))]
    answer = caller.send("POST", f"{T}/files", params={"groupId": team}, files=files)
    assert [file["name"] for file in answer.json()] == ["a.csv", "b.csv"]
    [found] = caller.sandbox.posts(team)
    assert [one["name"] for one in found["attachments"]] == ["a.csv", "b.csv"]
    assert [file["content_type"] for file in caller.sandbox.files()] == ["text/csv", "text/csv"]


def test_files_that_are_refused(caller):
    assert upload(caller, b"1" * 30_000_001).status_code == 413
    assert upload(caller, b"").status_code == 400
    assert code(upload(caller, groupId="7")) == (404, "CMN-102", "groupId")
    assert caller.sandbox.files() == []


def test_uploads_are_heavy_and_everything_needs_the_scope(start):
    caller = start(calls=0, limits={"Heavy": 1}, permissions=["ReadAccounts"])
    answer = upload(caller, name="a")
    assert (answer.status_code, answer.json()["permissionName"]) == (403, "TeamMessaging")
    assert answer.headers["X-Rate-Limit-Group"] == "heavy"
    assert caller.get(CHATS).headers["X-Rate-Limit-Group"] == "medium"
