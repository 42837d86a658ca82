"""Post messages and adaptive cards to chats of Team Messaging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import is_unset
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.operators.steps.post_operator import RingCentralChatOperator, as_list, post_result
from airflow_provider_ringcentral.operators.steps.send_options import file_list, paths_as_texts

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.channels.team_messaging.card import TeamCard
    from airflow_provider_ringcentral.sending.channels.team_messaging.post import TeamPost


class RingCentralPostMessageOperator(RingCentralChatOperator):
    """Post a text, files or both to a chat once, or replace the text of an earlier post.

    Source: operationIds createGlipPostNew and patchGlipPostNew (app scope TeamMessaging; 40 requests a minute, 2,500
    posts a day and user), createGlipFileNew for each file (10 a minute). The JWT's user is the author. Chat, text and
    files are checked before anything is posted. Airflow's retries, also after a killed worker, do not post again: a
    post whose answer was lost is looked for in the chat.

    Returns a dict (JSON): `id` of the post and `chat` (strings), `found` (true if it was found after its answer was
    lost).

    Raises `OutcomeUnknown` when it is unknown whether it was posted.

    Every value is a template field, except `deferrable`.

    :param text: up to 10,000 UTF-16 units, with a little Markdown: `**bold**`, `_italics_`, links, `> quote`, `* item`.
        A template that renders to nothing is refused. Use `{% include "name.txt" %}` for a template file.
    :param mentions: whom to mention before the text: ids of persons (RingCentral's extension ids), or `team` for
        everybody in the chat. Within the text a mention is `![:Person]` and the id in parentheses.
    :param files: up to 25 files of at most 30,000,000 bytes each: paths or URLs that Airflow's ObjectStoragePath
        understands, `ObjectStoragePath` or `Path`.
    :param update_post_id: the id of an earlier post of the JWT's user in the chat, whose text is replaced; nothing new
        is posted.
    """

    template_fields: Sequence[str] = (
        *RingCentralChatOperator.chat_fields,
        "text",
        "mentions",
        "files",
        "update_post_id",
    )

    def __init__(
        self,
        *,
        text: str = "",
        mentions: str | Sequence[str] = (),
        files: str | Path | ObjectStoragePath | Sequence[str | Path | ObjectStoragePath] = (),
        update_post_id: str | int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.text = text
        self._has_text = bool(text)
        self.mentions = mentions
        self.files = paths_as_texts(files)
        self.update_post_id = update_post_id

    def update(self, client: RingCentralClient) -> dict[str, Any] | None:
        """Replace the text of the earlier post. The request may be repeated."""
        from airflow_provider_ringcentral.sending.channels.team_messaging.post import change_post

        if is_unset(self.update_post_id):
            return None
        if file_list("files", self.files):
            raise BadArgument("files cannot be added to a post; leave them or update_post_id out.", parameter="files")
        self._check_text(may_be_empty=False)
        chat = self.chat_id(client)
        change_post(client, chat, self.update_post_id, self._whole_text(chat, may_be_empty=False))
        return post_result(self.update_post_id, chat)

    def message(self, client: RingCentralClient) -> TeamPost:
        """Return the post."""
        from airflow_provider_ringcentral.hooks.storage import storage_path
        from airflow_provider_ringcentral.sending.channels.team_messaging.post import TeamPost, post_files

        paths = file_list("files", self.files)
        # Lazy: a retry that finds the post does not need the files, which may be gone.
        files = cache(lambda: post_files([storage_path(path, "file") for path in paths]))
        may_be_empty = bool(paths) and not self._has_text
        self._check_text(may_be_empty=may_be_empty)
        chat = self.chat_id(client)
        return TeamPost(chat, self._whole_text(chat, may_be_empty=may_be_empty), files)

    def _check_text(self, *, may_be_empty: bool) -> None:
        """Check the text before a chat is looked up or opened."""
        self._whole_text("0", may_be_empty=may_be_empty)

    def _whole_text(self, chat: str, *, may_be_empty: bool) -> str:
        """Return the mentions and the text."""
        from airflow_provider_ringcentral.sending.channels.team_messaging.post import MOST_UNITS, mention
        from airflow_provider_ringcentral.sending.text import parse_text

        parse_text(self.text, MOST_UNITS, may_be_empty=may_be_empty)
        named = [mention(f"mentions[{position}]", one, chat) for position, one in enumerate(as_list(self.mentions))]
        return parse_text(" ".join([*named, self.text]).strip(), MOST_UNITS, may_be_empty=may_be_empty)


class RingCentralPostCardOperator(RingCentralChatOperator):
    """Post an adaptive card to a chat once, or replace an earlier card.

    Source: operationIds createGlipAdaptiveCardNew and updateGlipAdaptiveCardNew (app scope TeamMessaging; 40 requests a
    minute). The JWT's user is the author. A card whose answer was lost is looked for in the chat. Result and errors are
    those of `RingCentralPostMessageOperator`; `id` is the card's.

    Every value is a template field, except `deferrable`.

    :param card: an adaptive card, as an object or its JSON: `{"type": "AdaptiveCard", "body": […]}`. RingCentral shows
        version 1.3.
    :param fallback_text: the text of notices, and for clients that cannot show cards; it becomes the card's
        `fallbackText`.
    :param update_card_id: the id of an earlier card of the JWT's user to replace; no chat is needed then.
    """

    template_fields: Sequence[str] = (
        *RingCentralChatOperator.chat_fields,
        "card",
        "fallback_text",
        "update_card_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"card": "json"}

    def __init__(
        self,
        *,
        card: Mapping[str, Any] | str,
        fallback_text: str | None = None,
        update_card_id: str | int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.card = card
        self.fallback_text = fallback_text
        self.update_card_id = update_card_id

    def update(self, client: RingCentralClient) -> dict[str, Any] | None:
        """Replace the earlier card. The request may be repeated."""
        from airflow_provider_ringcentral.sending.channels.team_messaging.card import change_card

        if is_unset(self.update_card_id):
            return None
        record = change_card(client, self.update_card_id, self._checked())
        return post_result(self.update_card_id, next(iter(record.get("chatIds") or ()), None))

    def message(self, client: RingCentralClient) -> TeamCard:
        """Return the card."""
        from airflow_provider_ringcentral.sending.channels.team_messaging.card import TeamCard

        card = self._checked()
        return TeamCard(self.chat_id(client), card)

    def _checked(self) -> dict[str, Any]:
        from airflow_provider_ringcentral.sending.channels.team_messaging.card import parse_card

        card = parse_card(self.card, self.fallback_text)
        if not card.get("fallbackText"):
            self.log.warning("The card has no fallbackText: notices will not show what it says. Set fallback_text.")
        return card
