"""What only a file can meet: hung writers, full and read-only disks, damage, other users."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.ledger import fallback, open_ledger
from airflow_provider_ringcentral.client.ledger.fallback import FallbackLedger
from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger

USE = """
import logging, sys
logging.basicConfig(format="%(levelname)s %(message)s")
from airflow_provider_ringcentral.client.ledger import open_ledger
ledger = open_ledger(sys.argv[1])
print([ledger.update("n", lambda value: (b"x" * int(sys.argv[2]), n)) for n in range(3)], ledger.shared)
"""


def count(value: bytes | None) -> tuple[bytes, int]:
    number = int(value or b"0") + 1
    return str(number).encode(), number


def warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def use(path: Path, size: int, **options) -> tuple[str, list[str]]:
    """What another process gets out of the ledger at `path`, and its warnings."""
    command = [sys.executable, "-c", USE, f"sqlite://{path}", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    return done.stdout.strip(), done.stderr.strip().splitlines()


def test_a_hung_writer_costs_one_wait_and_one_warning_and_the_file_is_used_again_after_it(tmp_path, caplog):
    path = tmp_path / "ledger.sqlite"
    clock = [0.0]
    ledger = FallbackLedger(SqliteLedger(path), MemoryLedger(), clock=lambda: clock[0])
    assert ledger.update("n", count) == 1
    hung = sqlite3.connect(path, isolation_level=None)
    hung.execute("BEGIN IMMEDIATE")

    assert [ledger.update("n", count) for _ in range(3)] == [1, 2, 3], "alone"
    assert not ledger.shared
    assert ledger.read("n") == b"3"
    assert len(warnings(caplog)) == 1
    assert "locked" in caplog.text

    hung.execute("ROLLBACK")
    hung.close()
    clock[0] += fallback.TRY_AGAIN_SECONDS
    assert ledger.update("n", count) == 2
    assert ledger.shared


def test_a_reader_does_not_wait_for_a_writer(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = SqliteLedger(path)
    ledger.update("n", count)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM ledger")

    assert ledger.read("n") == b"1"
    writer.close()


def test_a_disk_that_fills_up_falls_back_with_one_warning(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(f"sqlite://{path}").update("n", count)

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))

    out, said = use(path, 1_000_000, preexec_fn=small_disk)

    assert out == "[0, 1, 2] False"
    assert len(said) == 1
    assert str(path) in said[0]
    assert open_ledger(f"sqlite://{path}").read("n") == b"1", "what was there is unharmed"


def test_a_place_that_cannot_be_written_falls_back_with_one_warning(caplog):
    ledger = open_ledger("sqlite:///proc/ledger.sqlite")

    assert [ledger.update("n", count) for _ in range(3)] == [1, 2, 3]
    assert len(warnings(caplog)) == 1
    assert "/proc/ledger.sqlite" in caplog.text


def test_a_file_that_is_damaged_while_in_use_falls_back_and_says_the_cure(tmp_path, caplog):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(f"sqlite://{path}")
    ledger.update("n", count)
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))

    assert ledger.update("n", count) == 1
    assert len(warnings(caplog)) == 1
    assert "delete the file" in caplog.text


def test_a_file_that_is_deleted_while_in_use_harms_nobody(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(f"sqlite://{path}")
    ledger.update("n", count)
    for name in tmp_path.iterdir():
        name.unlink()

    assert ledger.update("n", count) in (1, 2)
    other = open_ledger(f"sqlite://{path}")
    assert other.update("n", count) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_of_the_machine_goes_on_alone_and_harms_nobody(tmp_path):
    folder = Path("/tmp") / f"ledger-{tmp_path.name}-{os.getpid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        path = folder / "ledger.sqlite"
        ledger = open_ledger(f"sqlite://{path}")
        ledger.update("n", count)
        # Our code may lie where only root can read it, so it is imported first.
        program = USE.replace("ledger = ", "import os; os.setgid(65534); os.setuid(65534)\nledger = ", 1)
        program = f"import airflow_provider_ringcentral.client.ledger.fallback, sqlite3\n{program}"
        program = f"import airflow_provider_ringcentral.client.ledger.sqlite\n{program}"
        command = [sys.executable, "-c", program, f"sqlite://{path}", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)

        assert done.stdout.strip() == "[0, 1, 2] False"
        assert len(done.stderr.strip().splitlines()) == 1
        assert ledger.update("n", count) == 2
    finally:
        shutil.rmtree(folder)
