"""What must hold on every supported Airflow: `make compat` runs this folder on the old ones, `make test` on the newest."""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import airflow
import jsonschema
import pytest
from packaging.version import Version

from airflow_provider_ringcentral.provider_info import get_provider_info

INFO = get_provider_info()
RUNNING = Version(airflow.__version__)
EXAMPLES = sorted((Path(__file__).parents[2] / "example_dags").glob("*.py"))


def class_paths():
    """Dotted names of every class that the provider info names."""
    yield from (row["hook-class-name"] for row in INFO["connection-types"])
    for key in ("extra-links", "notifications", "queues"):
        yield from INFO.get(key, [])
    for key in ("plugins", "task-decorators"):
        yield from (row.get("plugin-class") or row["class-name"] for row in INFO.get(key, []))


def modules():
    """Every module that the provider info names."""
    for key in ("hooks", "operators", "sensors", "triggers"):
        for row in INFO.get(key, []):
            yield from row["python-modules"]


EXTRA_FIELDS = """
import json, airflow
if airflow.__version__.startswith("2."):
    from airflow.providers_manager import ProvidersManager
    names = [name.split("__")[-1] for name in ProvidersManager().connection_form_widgets if "__ringcentral__" in name]
else:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
    (ours,) = [row for row in HookMetaService.hook_meta_data() if row.connection_type == "ringcentral"]
    names = list(ours.extra_fields or {})
print(json.dumps(names))
"""
"""Asks this Airflow for the form's extra fields the way its UI does; 3.1 can be asked only before hooks are loaded."""


def extra_fields():
    """Names of the form's extra fields."""
    asked = subprocess.run([sys.executable, "-c", EXTRA_FIELDS], capture_output=True, check=True, text=True)
    return set(json.loads(asked.stdout.splitlines()[-1]))


def test_this_is_the_airflow_asked_for():
    assert str(RUNNING) == os.environ.get("COMPAT_AIRFLOW", str(RUNNING))


def test_the_provider_info_is_valid_here():
    """A mistake would stop `import airflow` itself, for the user's whole installation."""
    schema = json.loads((Path(airflow.__path__[0]) / "provider_info.schema.json").read_text())

    jsonschema.validate(INFO, schema)


@pytest.mark.parametrize("path", list(class_paths()))
def test_every_class_named_in_the_provider_info_imports(path):
    module, name = path.rsplit(".", 1)

    assert isinstance(getattr(importlib.import_module(module), name), type)


@pytest.mark.parametrize("module", list(modules()))
def test_every_module_named_in_the_provider_info_imports(module):
    importlib.import_module(module)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_dag_loads(path):
    runpy.run_path(str(path))


def test_airflow_finds_the_provider_and_its_hook():
    from airflow.providers.common.compat.sdk import Connection
    from airflow.providers_manager import ProvidersManager

    hook = Connection(conn_id="anywhere", conn_type="ringcentral").get_hook()

    assert "airflow-provider-ringcentral" in ProvidersManager().providers
    assert f"{type(hook).__module__}.{type(hook).__name__}" == INFO["connection-types"][0]["hook-class-name"]


def test_the_connection_form_shows_every_field():
    declared = set(INFO["connection-types"][0]["conn-fields"])

    # 3.0 shows extra fields only where Flask-AppBuilder is installed, and its base install has none.
    assert extra_fields() == (set() if (RUNNING.major, RUNNING.minor) == (3, 0) else declared)


def test_the_configuration_section_has_its_defaults():
    from airflow.configuration import conf
    from airflow.providers_manager import ProvidersManager

    # Before 3.2 only Airflow's commands do this first, so code that may run elsewhere gives a fallback of its own.
    ProvidersManager().initialize_providers_configuration()

    for name, option in INFO["config"]["ringcentral"]["options"].items():
        assert conf.get("ringcentral", name) == option["default"]


def test_the_retry_policy_is_importable_and_says_from_which_airflow_on_it_works():
    from airflow_provider_ringcentral.retry_policy import RingCentralRetryPolicy

    if Version("3.3") <= RUNNING:
        assert RingCentralRetryPolicy().serialize() == {}
    else:
        with pytest.raises(RuntimeError, match=r"Airflow 3\.3"):
            RingCentralRetryPolicy()
