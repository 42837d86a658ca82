"""Fixtures for testing your DAGs: a sandbox, and a function that runs DAGs against it.

In `conftest.py`:

    pytest_plugins = ["airflow_provider_ringcentral.pytest_plugin"]

and in a test:

    def test_my_dag(ringcentral_sandbox, run_dag):
        assert run_dag(dag).state == "success"

Without `AIRFLOW_HOME` in the environment, the tests get an empty one, so that they do not touch yours.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

from airflow_provider_ringcentral.sandbox.pytest_plugin import (
    _ringcentral_ledger_folder,
    pytest_configure,
    ringcentral_sandbox,
)

__all__ = ["_ringcentral_ledger_folder", "pytest_configure", "ringcentral_sandbox", "run_dag"]

AIRFLOW_2 = version("apache-airflow").startswith("2.")

# Airflow reads these when it is first imported.
if "AIRFLOW_HOME" not in os.environ and "airflow" not in sys.modules:
    HOME = tempfile.mkdtemp(prefix="airflow-of-tests-")
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)
    os.environ |= {"AIRFLOW_HOME": HOME, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}


@pytest.fixture(scope="session")
def _airflow_database() -> None:
    """Airflow's metadata database, migrated."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def run_dag(_airflow_database: None) -> Callable[..., Any]:
    """Return a function that runs a DAG in this process, deferrable tasks included, and returns its DagRun.

    `run_dag(dag, **arguments)` takes the arguments of `dag.test()`, such as `logical_date` and `run_conf`. A task that
    fails does not raise: check the `state` of the DagRun and of its `get_task_instances()`.
    """

    def run(dag: Any, **arguments: Any) -> Any:
        if AIRFLOW_2 and "logical_date" in arguments:
            arguments["execution_date"] = arguments.pop("logical_date")
        with warnings.catch_warnings():
            # Airflow 3.3 calls its own API through a client that warns about its HTTP library.
            warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
            _register(dag)
            return dag.test(**arguments)

    return run


def _register(dag: Any) -> None:
    """Write the DAG to Airflow's database, as the DAG processor does.

    Without it `dag.test()` fails on Airflow 3.1 and later ("not serialized"), and earlier versions lose asset events.
    """
    if AIRFLOW_2:
        dag.sync_to_db()
        return
    from airflow.dag_processing.bundles import manager

    # Airflow 3.2 moved DagBag and removed its argument include_examples, which is true by default before.
    moved = importlib.util.find_spec("airflow.dag_processing.dagbag") is not None
    dagbag: Any = importlib.import_module("airflow.dag_processing.dagbag" if moved else "airflow.models.dagbag")
    bag = dagbag.DagBag(os.devnull) if moved else dagbag.DagBag(os.devnull, include_examples=False)
    bundles: Any = manager.DagBundlesManager
    bundles().sync_bundles_to_db()
    bag.bag_dag(dag)
    if hasattr(bag, "sync_to_db"):  # Airflow 3.0
        dag.relative_fileloc = dag.fileloc
        bag.sync_to_db("dags-folder", None)
    else:
        dagbag.sync_bag_to_db(bag, "dags-folder", None)
