"""Team Messaging: chats, posts, adaptive cards, files and incoming webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from random import Random

    from airflow_provider_ringcentral.sandbox.model.blob import Blob
    from airflow_provider_ringcentral.sandbox.model.company import Company

_FIRST_ID = 1_240_842_000_000


@dataclass(slots=True)
class Chat:
    """A chat of any type. `members` are extension ids; `created` is in ms."""

    id: str
    type: str
    members: set[int]
    created: int
    name: str = ""
    description: str = ""
    public: bool = False
    status: str = "Active"


@dataclass(slots=True)
class Post:
    """A post, with times in ms. `extra`: further fields of its record, such as those of a webhook's payload."""

    id: str
    chat: str
    creator: int
    text: str
    created: int
    modified: int
    attachments: list[dict[str, Any]] = field(default_factory=list)
    parent: str | None = None
    thread: str | None = None
    is_parent: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Card:
    """An adaptive card; `content` is the JSON that the client sent."""

    id: str
    chat: str
    creator: int
    content: dict[str, Any]
    created: int
    modified: int


@dataclass(slots=True)
class SharedFile:
    """An uploaded file, posted or not."""

    id: str
    name: str
    content_type: str
    blob: Blob


@dataclass(slots=True)
class Webhook:
    """An incoming webhook of a chat. `status` is Active, Suspended or Deleted."""

    id: str
    chat: str
    creator: int
    created: int
    modified: int
    status: str = "Active"


class TeamMessaging:
    """All chats of the company: a personal one for each user, "Everyone", two teams, and those created later.

    The default user is a member of the team "Data Alerts" and not of the public team "Lunch".
    """

    def __init__(self, company: Company, created: int, random: Random) -> None:
        self._random = random
        self.chats: dict[str, Chat] = {}
        self.posts: dict[str, Post] = {}
        self.cards: dict[str, Card] = {}
        self.files: dict[str, SharedFile] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.webhook_posts: list[dict[str, Any]] = []
        self._last_id = _FIRST_ID
        people = [user.id for user in company.users]
        self._personal: dict[int, str] = {}
        self.add_chat("Everyone", set(people), created, name="Everyone")
        self.add_chat("Team", set(people[:5]), created, name="Data Alerts", description="What pipelines say")
        self.add_chat("Team", set(people[5:12]), created, name="Lunch", public=True)

    def next_id(self) -> str:
        """Return a new id for a chat, post, card or file."""
        self._last_id += 8_194
        return str(self._last_id)

    def add_chat(self, kind: str, members: set[int], created: int, **fields: Any) -> Chat:
        """Create a chat of a type, with extension ids as members."""
        chat = Chat(self.next_id(), kind, members, created, **fields)
        self.chats[chat.id] = chat
        return chat

    def personal(self, user: int, now: int) -> Chat:
        """Return the personal chat of a user, which is created on first use."""
        if user not in self._personal:
            self._personal[user] = self.add_chat("Personal", {user}, now).id
        return self.chats[self._personal[user]]

    def between(self, members: set[int]) -> Chat | None:
        """Return the conversation that has exactly these members."""
        return next(
            (chat for chat in self.chats.values() if chat.members == members and chat.type in {"Direct", "Group"}), None
        )

    def add_post(self, chat: str, creator: int, text: str, now: int, **fields: Any) -> Post:
        """Add a post to a chat."""
        post = Post(self.next_id(), chat, creator, text, now, now, **fields)
        self.posts[post.id] = post
        return post

    def add_webhook(self, chat: str, creator: int, now: int) -> Webhook:
        """Create an incoming webhook. Its id cannot be guessed, which makes its URL a secret."""
        webhook = Webhook(str(UUID(int=self._random.getrandbits(128), version=4)), chat, creator, now, now)
        self.webhooks[webhook.id] = webhook
        return webhook

    def in_chat(self, chat: str) -> list[Post]:
        """Return the posts of a chat, oldest first."""
        return [post for post in self.posts.values() if post.chat == chat]
