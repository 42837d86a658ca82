"""Posts and cards over HTTP: where they go, what is changed, what is refused before anything is posted."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_ringcentral.client.errors import BadRequest, PermissionDenied, RateLimited, Unavailable
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.steps.post_operator import RingCentralChatOperator, RingCentralPostOperator
from airflow_provider_ringcentral.operators.team_messaging import (
    RingCentralPostCardOperator,
    RingCentralPostMessageOperator,
)
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sending.channels.team_messaging.card import TeamCard
from airflow_provider_ringcentral.sending.channels.team_messaging.chats import own_posts

TEAM = "Data Alerts"
POSTED = {"createGlipPostNew", "createGlipAdaptiveCardNew", "createGlipFileNew", "createGlipConversationNew"}


@pytest.fixture
def team(desk: Sandbox) -> str:
    """The id of the team."""
    return next(chat["id"] for chat in desk.chats() if chat.get("name") == TEAM)


@pytest.fixture
def colleague(desk: Sandbox) -> str:
    """The e-mail address of somebody."""
    path = "/restapi/v1.0/account/~/extension/400131428008"
    return RingCentralJWTHook().request_json("GET", path)["contact"]["email"]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backing off takes no time."""
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)


@pytest.fixture
def text() -> str:
    return f"The ledger is late {uuid.uuid4().hex}"


def post(context: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    return RingCentralPostMessageOperator(**{"task_id": "post", "settling": 1, **how}).execute(context or {})


def card(**how: Any) -> dict[str, Any]:
    return RingCentralPostCardOperator(**{"task_id": "card", "settling": 1, **how}).execute({})


def a_card(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.0", "body": [{"type": "TextBlock", "text": text}], **more}


def only(desk: Sandbox, text: str) -> dict[str, Any]:
    (found,) = [one for one in desk.posts() if one["text"].endswith(text)]
    return found


def test_to_a_team_by_name(desk, team, text):
    result = post(team=TEAM, text=text)

    assert result == {"id": only(desk, text)["id"], "chat": team, "found": False}
    assert only(desk, text)["chat"] == team


@pytest.mark.parametrize("kind", [str, int])
def test_to_a_chat_by_id(desk, team, text, kind):
    assert post(chat=kind(team), text=text)["chat"] == only(desk, text)["chat"] == team


def test_to_a_person_by_email(desk, text, colleague):
    result = post(email=colleague, text=text)

    chat = next(one for one in desk.chats() if one["id"] == result["chat"])
    assert (chat["type"], len(chat["members"])) == ("Direct", 2)
    assert post(email=colleague, text="again")["chat"] == result["chat"]


def test_the_name_of_several_teams_is_told_with_their_ids(desk, text):
    ids = [desk.add_chat(name="Twins")["id"] for _ in range(2)]

    with pytest.raises(BadRequest, match=rf"2 teams are named 'Twins'.*{ids[0]}, {ids[1]}"):
        post(team="Twins", text=text)


def test_an_archived_team_does_not_count(desk, text):
    desk.add_chat(name="Old and new", status="Archived")
    alive = desk.add_chat(name="Old and new")["id"]

    assert post(team="Old and new", text=text)["chat"] == alive


def test_mentions_stand_before_the_text(desk, team, text):
    post(team=TEAM, text=text, mentions=["400131428008", "team"])

    assert only(desk, text)["text"] == f"![:Person](400131428008) ![:Team]({team}) {text}"


def test_files_are_uploaded_and_attached(desk, team, text, tmp_path):
    data = bytes(range(256)) * 1000
    (tmp_path / "chart.png").write_bytes(data)
    (tmp_path / "rows").write_bytes(b"a,b\n")

    post(team=TEAM, text=text, files=[str(tmp_path / "chart.png"), f"file://{tmp_path}/rows"])

    assert [(one["name"], one["sha256"]) for one in only(desk, text)["attachments"]] == [
        ("chart.png", hashlib.sha256(data).hexdigest()),
        ("rows", hashlib.sha256(b"a,b\n").hexdigest()),
    ]
    assert [one["content_type"] for one in desk.files()[-2:]] == ["image/png", "application/octet-stream"]


def test_a_file_without_a_text_whose_answer_is_lost_is_found(desk, team, tmp_path):
    (tmp_path / "alone.csv").write_bytes(b"a,b\n")
    desk.fault("status", status=504, operation="createGlipPostNew", executed=True)

    result = post(chat=team, files=str(tmp_path / "alone.csv"))

    assert [one["id"] for one in desk.posts(team) if one["attachments"]][-1] == result["id"]
    assert result["found"] is True


def test_an_upload_whose_answer_is_lost_is_repeated_and_posted_once(desk, text, tmp_path, hurry):
    (tmp_path / "a.csv").write_bytes(b"a,b\n")
    desk.fault("status", status=502, operation="createGlipFileNew", executed=True)

    result = post(team=TEAM, text=text, files=str(tmp_path / "a.csv"))

    assert (only(desk, text)["id"], len(only(desk, text)["attachments"])) == (result["id"], 1)
    assert desk.stats()["operations"]["createGlipFileNew"] == 2


def test_an_earlier_post_gets_another_text(desk, team, text, hurry):
    first = post(team=TEAM, text="Running")
    desk.fault("status", status=502, operation="patchGlipPostNew", executed=True)

    result = post(team=TEAM, text=text, update_post_id=first["id"])

    assert result == {"id": first["id"], "chat": team, "found": False}
    assert only(desk, text)["id"] == first["id"]


def test_somebody_elses_post_cannot_be_changed(desk, team, text):
    other = desk.add_post(team, "Mine")["id"]

    with pytest.raises(PermissionDenied):
        post(chat=team, text=text, update_post_id=other)


def test_the_same_text_of_a_colleague_is_not_ours(desk, team, text):
    desk.add_post(team, text)
    desk.fault("status", status=502, operation="createGlipPostNew")

    with pytest.raises(AirflowFailException, match=r"not found within 0\.2 s"):
        post(chat=team, text=text, settling=0.2)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_post_is_found_whichever_end_of_the_list_comes_first(desk, text, order):
    desk.set(posts_order=order)
    chat = desk.add_chat(name=f"Busy {order}")["id"]
    for number in range(260):
        desk.add_post(chat, f"{number}")
    desk.fault("status", status=502, operation="createGlipPostNew", executed=True)
    try:
        result = post(chat=chat, text=text)
    finally:
        desk.set(posts_order="newest")

    assert (result["id"], result["found"]) == (only(desk, text)["id"], True)
    assert desk.stats()["operations"]["readGlipPostsNew"] == 2, (
        "all of these are as young as the one that is looked for"
    )


def test_of_a_list_that_begins_with_the_newest_no_more_is_read_than_needed(desk, text):
    chat = desk.add_chat(name="Long ago")["id"]
    for number in range(300):
        desk.add_post(chat, f"{number}")

    own_posts(RingCentralJWTHook().get_conn(), chat, datetime.now(UTC) + timedelta(seconds=1))

    assert desk.stats()["operations"]["readGlipPostsNew"] == 1


@pytest.mark.parametrize("fallback_text", [None, "In short"])
def test_a_card(desk, team, text, fallback_text):
    result = card(team=TEAM, card=a_card(text, fallbackText=text), fallback_text=fallback_text)
    (shown,) = [part for one in desk.posts(team) for part in one["attachments"] if part["id"] == result["id"]]

    assert shown["card"] == a_card(text, fallbackText=fallback_text or text)
    assert (result["chat"], result["found"]) == (team, False)


def test_a_card_as_json(desk, text):
    card(team=TEAM, card='{"type": "AdaptiveCard", "body": []}', fallback_text=text)

    assert only(desk, text)["attachments"][0]["card"] == {"type": "AdaptiveCard", "body": [], "fallbackText": text}


def test_an_earlier_card_is_replaced(desk, team, text, hurry):
    first = card(team=TEAM, card=a_card("Running"), fallback_text=text)
    desk.fault("status", status=502, operation="updateGlipAdaptiveCardNew", executed=True)

    result = card(card=a_card("Done"), fallback_text=text, update_card_id=first["id"])

    assert result == {"id": first["id"], "chat": team, "found": False}
    assert only(desk, text)["attachments"][0]["card"]["body"] == a_card("Done")["body"]


def test_a_card_without_fallback_text_is_posted_with_a_warning(desk, team, caplog, capsys):
    result = card(team=TEAM, card=a_card("x"))

    assert desk.posts(team)[-1]["attachments"][0]["id"] == result["id"]
    assert "no fallbackText" in caplog.text + capsys.readouterr().out


ASKED = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "a", "weight": None}]}
SHOWN = {"id": "1", "version": "1.3", "$schema": "x", **{k: v for k, v in ASKED.items() if k != "version"}}
LIKENESSES: list[tuple[Any, bool]] = [
    (SHOWN, True),
    ({**SHOWN, "body": [{"type": "TextBlock", "text": "a", "wrap": False}]}, True),
    ({**SHOWN, "body": [{"type": "TextBlock", "text": "b"}]}, False),
    ({**SHOWN, "body": [*ASKED["body"], *ASKED["body"]]}, False),
    ({**SHOWN, "body": "a"}, False),
]


@pytest.mark.parametrize(("record", "alike"), LIKENESSES)
def test_which_cards_may_be_ours(record, alike):
    message = TeamCard("5", ASKED)

    assert message.matches(record, message.content, message.traits) is alike
    assert message.matches(record, message.content, {}) is alike, "noted by the earlier version"
    assert TeamCard("5", {"body": []}).matches(record, message.content, message.traits) is alike, "rendered otherwise"


def files_of(folder: Path, count: int, size: int = 1) -> list[str]:
    paths = [folder / f"{number}.bin" for number in range(count)]
    for path in paths:
        with path.open("wb") as file:
            file.truncate(size)
    return [str(path) for path in paths]


BAD: list[tuple[str, Callable[[Path], Any], str]] = [
    ("nowhere", lambda _: post(text="a"), "neither chat, team nor email is given"),
    ("two places", lambda _: post(text="a", chat="5", team="x"), "chat and team are given; give one"),
    ("a chat that is no id", lambda _: post(text="a", chat="Data"), "chat 'Data' is not an id"),
    ("an unknown chat", lambda _: post(text="a", chat="5"), "chat 5 does not exist"),
    ("an unknown team", lambda _: post(text="a", team="Nobody's"), 'the team "Nobody\'s" does not exist'),
    ("a team spelt otherwise", lambda _: post(text="a", team="data alerts"), "the team 'data alerts' does not exist"),
    ("an address", lambda _: post(text="a", email="example.com"), "email is not an e-mail address"),
    ("no text", lambda _: post(team=TEAM), "text is empty"),
    ("a long text", lambda _: post(team=TEAM, text="a" * 10_001), "10001 UTF-16 units; the limit is 10000"),
    ("long with mentions", lambda _: post(team=TEAM, text="a" * 9_990, mentions="1"), "UTF-16 units; the limit is"),
    ("a mention", lambda _: post(team=TEAM, text="a", mentions=["5", "Ann"]), r"mentions\[1\] is neither the id"),
    ("a missing file", lambda folder: post(team=TEAM, files=str(folder / "a")), "cannot be read"),
    ("an empty file", lambda folder: post(team=TEAM, files=files_of(folder, 1, 0)), "is empty"),
    ("a large file", lambda folder: post(team=TEAM, files=files_of(folder, 1, 30_000_001)), "has 30000001 bytes"),
    ("many files", lambda folder: post(team=TEAM, files=files_of(folder, 26)), "26 files, and a post takes at most 25"),
    (
        "a file to a post",
        lambda f: post(team=TEAM, text="a", files=files_of(f, 1), update_post_id=1),
        "cannot be added",
    ),
    (
        "a post that is no id",
        lambda _: post(team=TEAM, text="a", update_post_id="5/.."),
        "update_post_id '5/..' is not",
    ),
    ("a changed text that is none", lambda _: post(team=TEAM, update_post_id=1), "text is empty"),
    ("a list as card", lambda _: card(team=TEAM, card=[]), "card must be an object, an adaptive card, not list"),
    (
        "JSON that is no object",
        lambda _: card(team=TEAM, card="[]"),
        "card must be an object, an adaptive card, not list",
    ),
    ("no JSON", lambda _: card(team=TEAM, card="{"), "card is not valid JSON"),
    ("no type", lambda _: card(team=TEAM, card={}), "card has no type"),
    ("a wrong type", lambda _: card(team=TEAM, card={"type": "Card"}), "card has the type 'Card'"),
    ("a body", lambda _: card(team=TEAM, card=a_card("a", body={})), "body of the card must be a list"),
    ("a card that is no id", lambda _: card(card=a_card("a"), update_card_id="x"), "update_card_id 'x' is not an id"),
    ("on_unknown", lambda _: post(team=TEAM, text="a", on_unknown="repeat"), "'look', 'resend' or 'fail'"),
    ("settling", lambda _: post(team=TEAM, text="a", settling="soon"), "settling 'soon' is not a duration"),
    ("on_rerun", lambda _: post(team=TEAM, text="a", on_rerun="skip"), "Airflow 3.3 or later"),
]


@pytest.mark.parametrize(("call", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_named_before_anything_is_posted(desk, tmp_path, call, problem):
    with pytest.raises(BadRequest, match=problem) as caught:
        call(tmp_path)

    assert isinstance(caught.value, AirflowFailException)
    assert not POSTED & set(desk.stats()["operations"])


def test_an_address_of_nobody(desk):
    with pytest.raises(BadRequest, match="nobody in this company has this email") as caught:
        post(email="nobody@example.com", text="a")

    assert isinstance(caught.value, AirflowFailException)
    assert "nobody@example.com" not in str(caught.value)


REFUSALS = [
    ({"status": 400, "code": "CMN-101"}, BadRequest, True),
    ({"status": 403, "code": "CMN-408"}, PermissionDenied, True),
    ({"status": 500, "message": "You have exceeded your limits for this action."}, RateLimited, False),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refused_is_an_error_and_no_post(desk, text, refusal):
    answer, error, permanent = refusal
    desk.fault("status", operation="createGlipPostNew", **answer)

    with pytest.raises(error) as caught:
        post(team=TEAM, text=text)

    assert isinstance(caught.value, AirflowFailException) is permanent
    assert not any(one["text"] == text for one in desk.posts())


@pytest.mark.parametrize("status", [429, 503])
def test_refused_for_now_is_posted_once_after_waiting(desk, text, status):
    desk.fault("status", status=status, retry_after=0.1, operation="createGlipPostNew", times=2)

    assert post(team=TEAM, text=text)["id"] == only(desk, text)["id"]
    assert "readGlipPostsNew" not in desk.stats()["operations"]


def test_a_deferrable_task_gives_its_worker_back_while_the_quota_is_used_up(desk, text, monkeypatch, tmp_path):
    desk.fault("status", status=429, retry_after=30, operation="createGlipPostNew")
    how: dict[str, Any] = {"task_id": "post", "team": TEAM, "text": text, "deferrable": True}

    with pytest.raises(TaskDeferred) as deferred:
        RingCentralPostMessageOperator(**how).execute({})

    assert deferred.value.method_name == "execute_complete"
    assert not any(one["text"] == text for one in desk.posts())
    # Another ledger, so that the half minute need not pass.
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/later.sqlite")
    result = RingCentralPostMessageOperator(**how).execute_complete({}, {})
    assert result["id"] == only(desk, text)["id"]


def test_an_upload_that_fails_for_good_posts_nothing_and_may_be_retried(desk, text, tmp_path, hurry):
    (tmp_path / "a.csv").write_bytes(b"a,b\n")
    desk.fault("status", status=502, operation="createGlipFileNew", every=1)

    with pytest.raises(Unavailable) as caught:
        post(team=TEAM, text=text, files=str(tmp_path / "a.csv"))

    assert not isinstance(caught.value, AirflowFailException)
    assert "createGlipPostNew" not in desk.stats()["operations"]


def test_no_log_line_has_a_text_or_an_address(desk, text, colleague, caplog, capsys):
    caplog.set_level(logging.INFO)
    desk.fault("status", status=502, operation="createGlipPostNew", executed=True)
    desk.fault("status", status=502, operation="createGlipAdaptiveCardNew", executed=True)
    post(email=colleague, text=text)
    card(team=TEAM, card=a_card(text), fallback_text=text)

    everything = caplog.text + capsys.readouterr().out
    assert everything.count("found after its answer was lost") >= 2
    for secret in (text, colleague, desk.jwt, desk.client_secret):
        assert secret not in everything


@pytest.mark.parametrize("kind", [RingCentralPostMessageOperator, RingCentralPostCardOperator])
def test_every_value_is_a_template_field(kind):
    classes = [kind, RingCentralChatOperator, RingCentralPostOperator]
    names = {name for one in classes for name in one.__init__.__annotations__}

    assert set(kind.template_fields) == names - {"kwargs", "return", "deferrable"}
