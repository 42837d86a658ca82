"""What every test stands on: an Airflow home of its own, and RingCentral on a loopback port."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_ringcentral.sandbox import Sandbox
    from scenarios.mariadb_server import MariadbServer
    from scenarios.postgres_server import PostgresServer
    from scenarios.redis_server import RedisServer

ROOT = Path(__file__).parent.parent
HOME = Path(tempfile.mkdtemp(prefix="airflow-ringcentral-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# Airflow reads these once, when it is first imported; what the developer's shell says about Airflow must not leak in.
for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    # A machine's proxy must not see loopback traffic, and no test may reach the outside through it.
    "NO_PROXY": "127.0.0.1,localhost",
}


@pytest.fixture(scope="session")
def specification() -> dict[str, Any]:
    """The operations that the project uses, sliced out of RingCentral's OpenAPI file by scripts/slice-openapi."""
    return json.loads((ROOT / "tests" / "data" / "openapi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def database() -> None:
    """Airflow's metadata database, migrated; ask for it (and mark the test `db`) to run a DAG."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """RingCentral on a free loopback port, with documented limits, seeded calls and nothing remembered from other tests."""
    from airflow_provider_ringcentral.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def connection(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a Connection that leads to the sandbox."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
    return "ringcentral_default"


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis server for the whole run."""
    from scenarios.redis_server import RedisServer

    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of that server, empty."""
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for the whole run."""
    from scenarios.postgres_server import PostgresServer

    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of that server's database, without tables."""
    postgres_server.clear()
    return postgres_server.url()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """A real MariaDB server for the whole run, where one can be had."""
    from scenarios.mariadb_server import MariadbServer, Unavailable

    try:
        server = MariadbServer()
    except Unavailable as error:
        pytest.skip(f"no MariaDB: {error}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mariadb_url(mariadb_server: MariadbServer) -> str:
    """The URL of that server's database, without tables."""
    mariadb_server.clear()
    return mariadb_server.url()


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """Storage options of a bucket `calls` in moto's server."""
    from moto.server import ThreadedMotoServer
    from upath import UPath

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {"key": "k", "secret": "s", "endpoint_url": f"http://{host}:{port}"}
    UPath("s3://calls", **options).fs.mkdir("calls")
    yield options
    server.stop()
