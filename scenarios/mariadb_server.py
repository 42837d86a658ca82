"""A real MariaDB server on a loopback port, from Debian's package where that can be had."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pymysql
import tenacity

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".tools/mariadb"
PASSWORD = "mariadb-password-42"
TABLES = ["mysql_system_tables.sql", "mysql_system_tables_data.sql"]


class Unavailable(Exception):
    """There is no MariaDB for this machine; says why."""


class MariadbServer:
    """A server with the user `loader` and the database `warehouse`, stopped and removed by `stop`."""

    def __init__(self) -> None:
        fetched = subprocess.run([ROOT / "scripts/fetch-mariadb"], capture_output=True, text=True, check=False)
        if fetched.returncode:
            raise Unavailable((fetched.stdout + fetched.stderr).strip())
        self.folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def url(self, database: str = "warehouse") -> str:
        return f"mysql+pymysql://loader:{PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def start(self) -> None:
        share = HOME / "usr/share/mysql"
        libraries = {str(path.parent) for path in HOME.glob("usr/lib/*/lib*.so*")}
        self._environment = os.environ | {"LD_LIBRARY_PATH": ":".join(sorted(libraries))}
        self._options = [
            HOME / "usr/sbin/mariadbd",
            "--no-defaults",
            *(["--user=root"] if os.getuid() == 0 else []),
            f"--datadir={self.folder}",
            f"--lc-messages-dir={share}",
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
        ]
        setup = "create database mysql;\nuse mysql;\n" + "".join((share / name).read_text() for name in TABLES)
        users = (
            f"flush privileges;\ncreate database warehouse;\ncreate user loader identified by '{PASSWORD}';\n"
            "grant all on *.* to loader;\n"
        )
        with (self.folder / "log").open("wb") as log:
            subprocess.run(
                [*self._options, "--bootstrap"],
                input=(setup + users).encode(),
                env=self._environment,
                stdout=log,
                stderr=log,
                check=True,
            )
            listen = [f"--port={self.port}", "--bind-address=127.0.0.1"]
            self._process = subprocess.Popen([*self._options, *listen], env=self._environment, stdout=log, stderr=log)
        wait = tenacity.Retrying(wait=tenacity.wait_fixed(0.05), stop=tenacity.stop_after_delay(30))
        wait(self._connect).close()

    def clear(self) -> None:
        """Remove every table."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("drop database warehouse")
            cursor.execute("create database warehouse")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder)

    def _connect(self) -> pymysql.Connection:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="loader", password=PASSWORD)
