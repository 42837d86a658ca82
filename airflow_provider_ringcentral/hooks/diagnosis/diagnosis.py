"""The result of a diagnosis: findings, and their summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: `code` for programs, `cause` and `cure` for people, `who` applies the cure.

    `link` is the page to do it on, with its form filled in; empty when there is no such page.
    """

    code: str
    severity: Severity
    cause: str
    cure: str = ""
    who: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the Connection works: no finding is an error."""
        return not self.of("error")

    @property
    def headline(self) -> str:
        """One sentence: whether the Connection is ready, and how many problems or warnings there are."""
        errors, warnings = len(self.of("error")), len(self.of("warning"))
        if errors:
            return f"Not ready: {_counted(errors, 'problem')} to fix."
        return f"Ready, with {_counted(warnings, 'warning')}." if warnings else "Ready."

    @property
    def summary(self) -> str:
        """At most four short lines for the Test button: headline, first cause, its cure, how many more there are.

        Without problems and warnings: headline, the server, and whose JWT it is.
        """
        errors, warnings = self.of("error"), self.of("warning")
        if not (errors or warnings):
            return "\n".join((self.headline, *(fact.cause for fact in self.findings if fact.code in SHOWN_WHEN_READY)))
        first, *more = errors or warnings
        lines = [self.headline, first.cause, f"Fix ({first.who}): {first.cure}"]
        return "\n".join([*lines, f"And {len(more)} more."] if more else lines)

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def as_dict(self) -> dict[str, Any]:
        """`{"ok", "verdict", "findings": [{"code", "severity", "cause", "cure", "who", "link"}]}`."""
        return {"ok": self.ok, "verdict": self.headline, "findings": [asdict(finding) for finding in self.findings]}


SHOWN_WHEN_READY = ("login", "owner")
"""Findings that the Test button shows when nothing is wrong: the server, and whose JWT it is."""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}"


def diagnosis_of(findings: Iterable[Finding]) -> Diagnosis:
    """Make a diagnosis of these findings, each once."""
    return Diagnosis(tuple(dict.fromkeys(findings)))
