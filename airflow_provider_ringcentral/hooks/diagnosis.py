"""What is wrong with a set-up and who fixes it: findings, and their summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One established fact: `code` for programs, `cause` and `cure` for people, and `who` does the cure."""

    code: str
    severity: Severity
    cause: str
    cure: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, in the order they were established."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether work can be done: nothing found is an error."""
        return not self.of("error")

    @property
    def summary(self) -> str:
        """One text for the Test button: what is wrong and its cure; else the warnings, whose JWT it is, what it may."""
        if errors := self.of("error"):
            return " ".join(f"{finding.cause} Cure ({finding.who}): {finding.cure}" for finding in errors)
        warnings = [f"Warning: {finding.cause}" for finding in self.of("warning")]
        return " ".join([*warnings, *(finding.cause for finding in self.of("ok"))])

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def as_dict(self) -> dict[str, Any]:
        """`{"ok", "findings": [{"code", "severity", "cause", "cure", "who"}]}`."""
        return {"ok": self.ok, "findings": [asdict(finding) for finding in self.findings]}


def diagnosis_of(findings: Iterable[Finding]) -> Diagnosis:
    """The diagnosis that these findings make; what was established twice is said once."""
    return Diagnosis(tuple(dict.fromkeys(findings)))
