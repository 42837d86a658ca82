"""Fault injection: the rules that say which request gets which fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

KINDS: dict[str, str] = {
    "status": "answers `status`, with a `body` of json, html, empty or any text; `executed` runs the request first",
    "reset": "TCP reset, `where` is before (nothing sent) or body (in the middle of it)",
    "truncate": "sends the share `fraction` of the body under the Content-Length of the whole, then closes",
    "broken_json": "200, with the body cut after the share `fraction` and a Content-Length to match",
    "html": "200 with a page of HTML instead of JSON",
    "slow": "waits `seconds`, then continues; `where` is before or body (after the share `fraction` of it)",
    "kill_tokens": "ends the session of this token (with `all`, every session) before the request is handled",
    "redirect": "`status` (302) to `location`; empty: the same path on `host`",
    "foreign_links": "nextPage and contentUri lead to `host`",
    "refuse_scope": "403 CMN-401 for `permission`",
}


EARLY = frozenset({"slow", "kill_tokens"})
"""Kinds that act before the request is handled, unless `executed`.

The others count and affect only requests that login and limits let pass.
"""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule.

    Of the requests that match `operation`, `path` (a prefix) and `method`, it affects those from the `nth` on (1 is the
    first), or `every` k-th, or each with `probability`; at most `times` of them (default: 1, without limit for `every`
    and `probability`). It skips the first `after` matches.
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
            raise ValueError(f"fault kind {self.kind!r} is not one of: {', '.join(KINDS)}")
        if self.kind == "status" and not (self.status and 200 <= self.status <= 599):
            raise ValueError("a status fault needs a status from 200 to 599")
        if self.where not in {"before", "body"}:
            raise ValueError(f"where={self.where!r} is not one of: before, body")
        if self.times is None and self.every is None and self.probability is None:
            self.times = 1

    @property
    def early(self) -> bool:
        """Whether the fault acts before the request is handled."""
        return self.kind in EARLY and not self.executed

    def matches(self, operation: str, method: str, path: str) -> bool:
        """Tell whether the rule applies to this request."""
        return (
            self.operation in (None, operation)
            and (self.method or method).upper() == method
            and path.startswith(self.path or "")
        )

    def fires(self, random: Random) -> bool:
        """Count a matching request and tell whether the fault is injected into it."""
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
        """Return the rule as a JSON-able dict, with the requests `seen` and `done` so far."""
        return asdict(self)


class Faults:
    """The active rules, oldest first. At most one of them changes a response; early ones act in addition."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._randoms: dict[int, Random] = {}
        self._count = 0

    def add(self, fault: Fault) -> int:
        """Add a rule and return its id."""
        self._count += 1
        fault.id = self._count
        self.rules.append(fault)
        self._randoms[fault.id] = Random(f"fault-{fault.seed}")
        return fault.id

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self.rules = [rule for rule in self.rules if fault_id not in (None, rule.id)]

    def pick(self, operation: str, method: str, path: str, *, early: bool) -> list[Fault]:
        """Return the rules that fire for this request: all early ones, or the one that changes its response."""
        picked: list[Fault] = []
        for rule in self.rules:
            if rule.early is not early or (picked and not early):
                continue
            if rule.matches(operation, method, path) and rule.fires(self._randoms[rule.id]):
                picked.append(rule)
        return picked
