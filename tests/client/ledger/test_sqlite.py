"""The SQLite ledger: hung writers, full and read-only disks, damaged files, other users, network file systems."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.client.ledger import memory
from airflow_provider_ringcentral.client.ledger.factory import open_ledger, sqlite_url
from airflow_provider_ringcentral.client.ledger.memory import FallbackLedger, MemoryLedger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger, mounts, network_file_system

USE = """
import logging, sys
logging.basicConfig(format="%(levelname)s %(message)s")
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
ledger = open_ledger(sys.argv[1])
print([ledger.update("n", lambda value: (b"x" * int(sys.argv[2]), n)) for n in range(3)], ledger.shared)
"""


def count(value: bytes | None) -> tuple[bytes, int]:
    number = int(value or b"0") + 1
    return str(number).encode(), number


def warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def use(path: Path, size: int, **options) -> tuple[str, list[str]]:
    """Return what another process reads from the ledger at `path`, and its warnings."""
    command = [sys.executable, "-c", USE, f"sqlite://{path}", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    return done.stdout.strip(), done.stderr.strip().splitlines()


def test_a_hung_writer_costs_one_wait_and_one_warning_and_the_file_is_used_again_afterwards(tmp_path, caplog):
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
    clock[0] += memory.RETRY_SECONDS
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

    out, warned = use(path, 1_000_000, preexec_fn=small_disk)

    assert out == "[0, 1, 2] False"
    assert len(warned) == 1
    assert str(path) in warned[0]
    assert open_ledger(f"sqlite://{path}").read("n") == b"1", "what was there is unharmed"


def test_a_path_that_cannot_be_written_falls_back_with_one_warning(caplog):
    ledger = open_ledger("sqlite:///proc/ledger.sqlite")

    assert [ledger.update("n", count) for _ in range(3)] == [1, 2, 3]
    assert len(warnings(caplog)) == 1
    assert "/proc/ledger.sqlite" in caplog.text


def test_a_file_that_is_damaged_while_in_use_falls_back_and_names_the_cure(tmp_path, caplog):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(f"sqlite://{path}")
    ledger.update("n", count)
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))

    assert ledger.update("n", count) == 1
    assert len(warnings(caplog)) == 1
    assert "delete the file" in caplog.text


@pytest.mark.parametrize("deleted", ["ledger.sqlite*", "ledger.sqlite"])
def test_processes_keep_sharing_after_the_file_was_deleted(tmp_path, caplog, deleted):
    """Deleting is the cure for a damaged file: with its -wal and -shm files, or without."""
    path = tmp_path / "ledger.sqlite"
    running = [open_ledger(f"sqlite://{path}") for _ in range(2)]
    assert [ledger.update("n", count) for ledger in running] == [1, 2]
    for found in tmp_path.glob(deleted):
        found.unlink()

    new = open_ledger(f"sqlite://{path}")
    assert [ledger.update("n", count) for ledger in (running[0], new, running[1], new)] == [1, 2, 3, 4]
    assert use(path, 1) == ("[0, 1, 2] True", [])
    assert {ledger.read("n") for ledger in (*running, new)} == {b"x"}
    assert warnings(caplog) == []


def test_a_process_that_held_a_deleted_file_switches_to_the_new_one(tmp_path):
    """The other process has the deleted file open until its next update."""
    path = tmp_path / "ledger.sqlite"
    program = USE.replace("print(", "ledger.update('n', lambda value: (b'1', 0)); print(flush=True); input()\nprint(")
    command = [sys.executable, "-c", program, f"sqlite://{path}", "1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as other:
        other.stdout.readline()
        path.unlink()
        ledger = open_ledger(f"sqlite://{path}")
        assert ledger.update("n", count) == 1
        out, warned = other.communicate("\n")

    assert (out.strip(), warned) == ("[0, 1, 2] True", "")
    assert ledger.read("n") == b"x"
    assert ledger.shared


@pytest.mark.parametrize("target", ["an empty file", "a file", "nothing yet"])
def test_a_symbolic_link_is_not_followed(tmp_path, caplog, target):
    victim = tmp_path / "victim"
    if target != "nothing yet":
        victim.write_text("" if target == "an empty file" else "precious")
        victim.chmod(0o644)
    path = tmp_path / "ledger.sqlite"
    path.symlink_to(victim)
    ledger = open_ledger(f"sqlite://{path}")

    assert ledger.update("n", count) == 1
    assert not ledger.shared
    assert "symbolic link" in warnings(caplog)[0]
    if target == "nothing yet":
        assert not victim.exists()
    else:
        assert (victim.read_text(), victim.stat().st_mode & 0o777) == (
            "" if target == "an empty file" else "precious",
            0o644,
        )


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
@pytest.mark.parametrize("there", [True, False], ids=["an old ledger", "a new one"])
def test_a_symbolic_link_in_place_of_a_companion_file_is_not_followed(tmp_path, suffix, there):
    victim, path = tmp_path / "victim", tmp_path / "ledger.sqlite"
    victim.write_text("precious")
    if there:
        open_ledger(f"sqlite://{path}").update("n", count)
        for companion in tmp_path.glob("ledger.sqlite-*"):
            companion.unlink()
    path.with_name(path.name + suffix).symlink_to(victim)

    assert open_ledger(f"sqlite://{path}").update("n", count) >= 1
    assert victim.read_text() == "precious"


def test_a_fifo_is_refused(tmp_path, caplog):
    path = tmp_path / "ledger.sqlite"
    os.mkfifo(path)

    assert open_ledger(f"sqlite://{path}").update("n", count) == 1
    assert "it is not a regular file" in warnings(caplog)[0]


@pytest.mark.parametrize(
    "name", ["100%", "50%25", "a#b", "what?", "blank here", "grün", b"\xff".decode(errors="surrogateescape")]
)
def test_any_folder_can_hold_the_ledger(tmp_path, name):
    path = tmp_path / name / "ledger.sqlite"
    ledger = open_ledger(sqlite_url(path))

    assert ledger.update("n", count) == 1
    assert ledger.shared
    assert path.is_file()


def test_a_url_that_would_be_cut_is_refused():
    for url in ("sqlite:///home/a#b/ledger.sqlite", "sqlite:///home/what?/ledger.sqlite"):
        with pytest.raises(ConfigurationError, match="write %3F and %23"):
            open_ledger(url)


def in_a_fork(work) -> int:
    """The exit code of a child that does `work`."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    code = child.exitcode
    child.kill()
    return code


def test_a_fork_while_threads_write_leaves_the_child_able_to(tmp_path):
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.sqlite")
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            ledger.update("n", count)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        codes = [in_a_fork(lambda: ledger.update("child", count)) for _ in range(10)]
    finally:
        enough.set()
        for thread in threads:
            thread.join()

    assert codes == [0] * 10
    assert ledger.read("child") == b"10"
    assert ledger.shared


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_a_fork_while_a_thread_holds_the_lock_for_ever_does_not_hang(tmp_path, kind):
    ledger = open_ledger("memory://" if kind == "memory" else f"sqlite://{tmp_path}/ledger.sqlite")
    inside, enough = threading.Event(), threading.Event()

    def hang(value: bytes | None) -> tuple[bytes, None]:
        inside.set()
        enough.wait()
        return b"1", None

    thread = threading.Thread(target=ledger.update, args=("n", hang))
    thread.start()
    inside.wait()
    try:
        assert in_a_fork(lambda: ledger.update("other", count)) == 0
    finally:
        enough.set()
        thread.join()
    assert ledger.read("n") == b"1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can switch to another user")
def test_another_user_of_the_machine_continues_alone_and_harms_nobody(tmp_path):
    folder = Path("/tmp") / f"ledger-{tmp_path.name}-{os.getpid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        path = folder / "ledger.sqlite"
        ledger = open_ledger(f"sqlite://{path}")
        ledger.update("n", count)
        # Our code may lie where only root can read it, so it is imported first.
        program = USE.replace("ledger = ", "import os; os.setgid(65534); os.setuid(65534)\nledger = ", 1)
        program = f"import airflow_provider_ringcentral.client.ledger.memory, psutil, sqlite3\n{program}"
        program = f"import airflow_provider_ringcentral.client.ledger.sqlite\n{program}"
        command = [sys.executable, "-c", program, f"sqlite://{path}", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)

        assert done.stdout.strip() == "[0, 1, 2] False"
        assert len(done.stderr.strip().splitlines()) == 1
        assert ledger.update("n", count) == 2
    finally:
        shutil.rmtree(folder)


MOUNTS = [
    ("overlay", "/", "overlay"),
    ("server:/export", "/srv/airflow", "nfs4"),
    ("tmpfs", "/srv/airflow/local", "tmpfs"),
    ("//nas/share", "/mnt/team share", "cifs"),
    ("/dev/sda1", "/mnt/twice", "ext4"),
    ("bucket", "/mnt/twice", "fuse.s3fs"),
    ("fuse-overlayfs", "/home", "fuse.fuse-overlayfs"),
    ("JuiceFS:team", "/m/juicefs", "fuse.juicefs"),
    ("home", "/m/virtiofs", "virtiofs"),
    ("hostshare", "/m/9p", "9p"),
    ("/dev/gpfs0", "/m/gpfs", "gpfs"),
    ("beegfs_nodev", "/m/beegfs", "beegfs"),
    ("blobfuse2", "/m/blobfuse2", "fuse"),
    ("mountpoint-s3", "/m/mountpoint", "fuse"),
    ("https://dav.example/x", "/m/dav", "fuse"),
    ("portal", "/m/portal", "fuse.portal"),
    ("lxcfs", "/m/lxcfs", "fuse"),
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/ledger.sqlite", None),
        ("/srv/airflow/ledger.sqlite", "nfs4"),
        ("/srv/airflow-other/ledger.sqlite", None),
        ("/srv/airflow/local/ledger.sqlite", None),
        ("/mnt/team share/ledger.sqlite", "cifs"),
        ("/mnt/twice/ledger.sqlite", "fuse.s3fs"),
        ("/home/user/ledger.sqlite", None),
        ("/m/juicefs/ledger.sqlite", "fuse.juicefs"),
        ("/m/virtiofs/ledger.sqlite", "virtiofs"),
        ("/m/9p/ledger.sqlite", "9p"),
        ("/m/gpfs/ledger.sqlite", "gpfs"),
        ("/m/beegfs/ledger.sqlite", "beegfs"),
        ("/m/blobfuse2/ledger.sqlite", "fuse.blobfuse2"),
        ("/m/mountpoint/ledger.sqlite", "fuse.mountpoint-s3"),
        ("/m/dav/ledger.sqlite", "fuse.https://dav.example/x"),
        ("/m/portal/ledger.sqlite", None),
        ("/m/lxcfs/ledger.sqlite", None),
    ],
)
def test_the_innermost_mount_decides_whether_a_path_is_on_a_network_file_system(path, kind):
    assert network_file_system(Path(path), MOUNTS) == kind


def test_the_mounts_of_this_machine_can_be_read(tmp_path):
    assert network_file_system(tmp_path, mounts()) is None
