"""A sandbox, and a way to run DAGs against it, for the tests of your DAGs.

In `conftest.py`:

    pytest_plugins = ["airflow_provider_ringcentral.pytest_plugin"]

and in a test:

    def test_my_dag(ringcentral_sandbox, run_dag):
        assert run_dag(dag).state == "success"

Where `AIRFLOW_HOME` is not set, the tests get an empty one of their own, so that they do not touch yours.
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

# Airflow reads these once, when it is first imported.
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
    """A function that runs a DAG in this process, deferrable tasks included, and returns its DagRun.

    `run_dag(dag, **arguments)` takes the arguments of `dag.test()`, such as `logical_date` and `run_conf`. A task that
    fails does not raise: look at the `state` of the DagRun, and of its `get_task_instances()`.
    """

    def run(dag: Any, **arguments: Any) -> Any:
        if AIRFLOW_2 and "logical_date" in arguments:
            arguments["execution_date"] = arguments.pop("logical_date")
        with warnings.catch_warnings():
            # Airflow 3.3 drives its own API through a client that warns of its own HTTP library.
            warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
            _register(dag)
            return dag.test(**arguments)

    return run


def _register(dag: Any) -> None:
    """Make the DAG known to Airflow's database, as its DAG processor does.

    Without it `dag.test()` fails on Airflow 3.1 and later ("not serialized"), and asset events get lost before.
    """
    if AIRFLOW_2:
        dag.sync_to_db()
        return
    from airflow.dag_processing.bundles import manager

    # It moved in Airflow 3.2, and lost the argument, which is on before; in 3.0 it is a method.
    moved = importlib.util.find_spec("airflow.dag_processing.dagbag") is not None
    dagbag: Any = importlib.import_module("airflow.dag_processing.dagbag" if moved else "airflow.models.dagbag")
    bag = dagbag.DagBag(os.devnull) if moved else dagbag.DagBag(os.devnull, include_examples=False)
    bundles: Any = manager.DagBundlesManager
    bundles().sync_bundles_to_db()
    bag.bag_dag(dag)
    if hasattr(bag, "sync_to_db"):
        dag.relative_fileloc = dag.fileloc
        bag.sync_to_db("dags-folder", None)
    else:
        dagbag.sync_bag_to_db(bag, "dags-folder", None)
