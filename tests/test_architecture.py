"""The arrows of ARCHITECTURE.md: which room may use which, read from the import statements."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "airflow_provider_ringcentral"
ROOT = Path(__file__).parent.parent / PACKAGE

CORE = {"arguments", "client", "extract", "files", "sending", "warehouse"}
AIRFLOW_SIDE = CORE | {"hooks", "triggers", "provider_info"}
MAY_USE = {
    "__init__": set(),
    "provider_info": set(),
    "sandbox": set(),
    "client": set(),
    "arguments": {"client"},
    "files": {"arguments", "client"},
    "extract": {"arguments", "client", "files"},
    "sending": {"arguments", "client", "files"},
    "warehouse": {"arguments", "client", "extract", "files"},
    "hooks": CORE | {"provider_info"},
    "triggers": CORE | {"hooks"},
    "operators": AIRFLOW_SIDE,
    "sensors": AIRFLOW_SIDE,
    "notifications": AIRFLOW_SIDE,
    "diagnose": AIRFLOW_SIDE,
    "retry_policy": AIRFLOW_SIDE,
    "pytest_plugin": {"sandbox"},
}
"""Every room and the rooms it may import from, besides itself and the package's `__version__`."""

SANDBOX_MAY_USE = {
    "model": {"model"},
    "api": {"api", "model"},
    "control": {"control", "api", "model"},
    "__init__": {"control"},
    "__main__": {"control", "model"},
    "pytest_plugin": {"__init__"},
}
"""Every room and file of the sandbox and the rooms that it may import from."""
MOST_MODULES = 16
"""More modules in one room (sub-rooms apart) means that there are two rooms."""

WITHOUT_AIRFLOW = CORE | {"sandbox", "provider_info", "__init__"}
OUTSIDE = {"bench", "example_dags", "scenarios", "scripts", "tests"}
SAYS_NOTHING = {"base", "common", "helpers", "misc", "utils"}

MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def room(module: Path) -> str:
    """The first folder or file below the package: `hooks/ringcentral.py` is in `hooks`."""
    return module.parts[0].removesuffix(".py")


def imported(module: Path) -> Iterator[str]:
    """Every dotted name that `module` imports anywhere, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join((PACKAGE, *module.parts[: -node.level])) if node.level else ""
            source = ".".join(filter(None, (start, node.module)))
            yield from (f"{source}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_arrows_point_down(module):
    used = {name.split(".")[1] for name in imported(module) if name.startswith(f"{PACKAGE}.")}

    assert used - MAY_USE[room(module)] - {room(module), "__version__"} == set()


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in WITHOUT_AIRFLOW], ids=str)
def test_the_core_and_the_sandbox_know_no_airflow(module):
    assert [name for name in imported(module) if name.split(".")[0] == "airflow"] == []


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_package_stands_alone(module):
    assert [name for name in imported(module) if name.split(".")[0] in OUTSIDE] == []


SANDBOX = [module for module in MODULES if room(module) == "sandbox"]


def dotted(module: Path) -> str:
    """The name by which a module is imported."""
    return ".".join((PACKAGE, *module.with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("module", SANDBOX, ids=str)
def test_the_sandboxs_model_knows_neither_api_nor_control(module):
    """`model` stands alone, `api` uses it, `control` uses both."""
    found = [name.split(".")[2:3] for name in imported(module) if name.startswith(f"{PACKAGE}.sandbox.")]
    rooms = {place[0] if place[0].islower() else "__init__" for place in found if place}

    assert rooms - SANDBOX_MAY_USE[module.parts[1].removesuffix(".py")] == set()


def test_no_circles_in_the_sandbox():
    """No module imports itself by way of others, imports for type checking included."""
    names = {dotted(module) for module in SANDBOX}
    waiting = {
        dotted(module): {
            next(one for one in (name, name.rpartition(".")[0]) if one in names)
            for name in imported(module)
            if name.startswith(f"{PACKAGE}.sandbox")
        }
        for module in SANDBOX
    }

    while free := {name for name, used in waiting.items() if not used & waiting.keys()}:
        waiting = {name: used for name, used in waiting.items() if name not in free}
    assert waiting == {}


def test_rooms_of_the_sandbox_are_small():
    folders = [module.parent for module in SANDBOX if module.name != "__init__.py"]

    assert {folder for folder in folders if folders.count(folder) > MOST_MODULES} == set()


def test_provider_info_uses_the_standard_library_only():
    """Every Airflow component runs it at start, so a package that fails to import would stop them all."""
    used = {name.split(".")[0] for name in imported(Path("provider_info.py"))}

    assert used <= sys.stdlib_module_names


def test_the_top_holds_the_version_only():
    body = ast.parse((ROOT / "__init__.py").read_text()).body

    assert [type(node) for node in body] == [ast.Expr, ast.Assign]
    assert ast.unparse(body[1].targets[0]) == "__version__"


def test_every_file_is_named_for_what_it_holds():
    assert [str(m) for m in MODULES if SAYS_NOTHING & {part.removesuffix(".py") for part in m.parts}] == []


AFTER_AIRFLOW = """
import importlib, json, sys
import airflow
before = set(sys.modules)
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def test_what_dag_files_import_stays_light():
    """Operators are imported at every parse of every DAG file: no HTTP, no Arrow, no server comes with them."""
    rooms = {"operators", "sensors", "notifications", "retry_policy", "provider_info"}
    modules = [".".join((PACKAGE, *module.with_suffix("").parts)) for module in MODULES if room(module) in rooms]

    command = [sys.executable, "-c", AFTER_AIRFLOW, *modules]
    added = set(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1]))

    assert PACKAGE in added
    assert added & {"pyarrow", "python_multipart", "redis", "requests", "s3fs", "starlette", "uvicorn"} == set()
