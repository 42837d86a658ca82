"""docs/guides/sandbox.md lists every option, fault and method that exists, and no other."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from airflow_provider_ringcentral.sandbox import SandboxControl
from airflow_provider_ringcentral.sandbox.model.faults import KINDS, Fault
from airflow_provider_ringcentral.sandbox.model.options import LIVE, Options

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "sandbox.md").read_text()


def rows(first, last):
    part = GUIDE[GUIDE.index(first) : GUIDE.index(last)]
    return [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]


def test_every_option_is_in_the_table():
    listed = {}
    for row in rows("## Options", "## Faults"):
        for name in re.findall(r"`(\w+)`", row[0]):
            listed[name] = "•" in row[0]
    assert set(listed) - {"process"} == {option.name for option in fields(Options)}
    assert {name for name, live in listed.items() if live} == LIVE


def test_every_fault_is_in_the_table():
    table = rows("## Faults", "## Apps, users and JWTs")
    assert [row[0].strip("| `") for row in table] == list(KINDS)
    named = {word for row in table for word in re.findall(r"`(\w+)", " ".join(row[1:]))}
    assert named <= {field.name for field in fields(Fault)}


def test_every_method_it_shows_exists():
    shown = set(re.findall(r"sandbox\.(\w+)\(", GUIDE)) | set(re.findall(r"`(\w+)\(", GUIDE)) - {
        "Sandbox",
        "SandboxControl",
    }
    assert {name for name in shown if not hasattr(SandboxControl, name)} == set()
