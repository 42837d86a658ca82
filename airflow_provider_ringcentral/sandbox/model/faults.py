"""Faults on demand: which request is spoilt, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

KINDS: dict[str, str] = {
    "status": "answers `status`, with a `body` of json, html, empty or any text; `executed` runs the request first",
    "reset": "TCP reset, `where` is before (nothing sent) or body (in the middle of it)",
    "truncate": "a Content-Length larger than what is sent: the share `fraction` of the body, then the end",
    "broken_json": "200, with the body cut after the share `fraction` and a Content-Length to match",
    "html": "200 with a page of HTML where JSON was due",
    "slow": "waits `seconds`, then goes on; `where` is before or body (after the share `fraction` of it)",
    "kill_tokens": "ends the session of this token before the request is looked at, `all` of them on demand",
    "redirect": "`status` (302) to `location`; empty: the same path on `host`",
    "foreign_links": "nextPage and contentUri lead to `host`",
    "refuse_scope": "403 CMN-401 for `permission`",
}


EARLY = frozenset({"slow", "kill_tokens"})
"""Kinds that act before the request is looked at, unless `executed`.

All others count and spoil only what login and limits let pass.
"""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule.

    It looks at the requests that match `operation`, `path` (a prefix) and `method`, in their order, and spoils the
    `nth` (from 1), or `every` k-th, or each with `probability`, at most `times` of them (default: 1 for `nth` and for
    plain rules, no end for `every` and `probability`). The first `after` matches are let alone.
    """

    kind: str
    operation: str | None = None
    path: str | None = None
    method: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    after: int = 0
    seed: int = 0

    status: int | None = None
    body: str = "json"
    code: str | None = None
    message: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    rate_headers: bool = True
    executed: bool = False
    where: str = "before"
    fraction: float = 0.5
    seconds: float = 1.0
    all: bool = False
    location: str = ""
    host: str = "https://foreign.invalid"
    permission: str = "ReadCallLog"

    id: int = 0
    seen: int = 0
    done: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is none of {', '.join(KINDS)}")
        if self.kind == "status" and not (self.status and 200 <= self.status <= 599):
            raise ValueError("a status fault needs a status from 200 to 599")
        if self.where not in {"before", "body"}:
            raise ValueError(f"where={self.where!r} is none of before, body")
        if self.times is None and self.every is None and self.probability is None:
            self.times = 1

    @property
    def early(self) -> bool:
        """Whether it acts before the request is looked at."""
        return self.kind in EARLY and not self.executed

    def matches(self, operation: str, method: str, path: str) -> bool:
        """Whether the rule looks at this request at all."""
        return (
            self.operation in (None, operation)
            and (self.method or method).upper() == method
            and path.startswith(self.path or "")
        )

    def fires(self, random: Random) -> bool:
        """Counts a matching request and says whether it is spoilt."""
        self.seen += 1
        turn = self.seen - self.after
        if turn < 1 or (self.times is not None and self.done >= self.times):
            return False
        if self.nth is not None:
            hit = turn >= self.nth
        elif self.every is not None:
            hit = turn % self.every == 0
        else:
            hit = self.probability is None or random.random() < self.probability
        self.done += hit
        return hit

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, with what it saw and did so far."""
        return asdict(self)


class Faults:
    """The rules in force, oldest first. At most one rule spoils an answer; early ones come on top."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._randoms: dict[int, Random] = {}
        self._count = 0

    def add(self, fault: Fault) -> int:
        """Puts a rule in force; its id."""
        self._count += 1
        fault.id = self._count
        self.rules.append(fault)
        self._randoms[fault.id] = Random(f"fault-{fault.seed}")
        return fault.id

    def clear(self, fault_id: int | None = None) -> None:
        """Lifts one rule, or all."""
        self.rules = [rule for rule in self.rules if fault_id not in (None, rule.id)]

    def pick(self, operation: str, method: str, path: str, *, early: bool) -> list[Fault]:
        """The rules that spoil this request: the early ones (slow, kill_tokens), or what becomes of its answer."""
        picked: list[Fault] = []
        for rule in self.rules:
            if rule.early is not early or (picked and not early):
                continue
            if rule.matches(operation, method, path) and rule.fires(self._randoms[rule.id]):
                picked.append(rule)
        return picked
