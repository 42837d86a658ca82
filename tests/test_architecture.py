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
MAX_MODULES = 16
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


def test_no_module_imports_itself_by_way_of_others():
    """Imports under TYPE_CHECKING and inside functions count, too: two modules that need each other are one subject."""
    names = {dotted(m): m for m in MODULES}
    uses = {
        name: {found for each in imported(m) if (found := _module(each, names)) not in (None, name)}
        for name, m in names.items()
    }
    left = dict(uses)
    while free := [name for name, used in left.items() if not used & left.keys()]:
        for name in free:
            del left[name]

    # What only uses a circle is not part of it.
    while users := [name for name in left if not any(name in used for used in left.values())]:
        for name in users:
            del left[name]
    assert {name: sorted(used & left.keys()) for name, used in left.items()} == {}


def _module(imported_name: str, names: dict[str, Path]) -> str | None:
    """The module that an imported name is, or is defined in."""
    parent = imported_name.rpartition(".")[0]
    return next((name for name in (imported_name, parent) if name in names), None)


MAX_LINES, MAX_LINES_OF_A_FUNCTION = 450, 45


@pytest.mark.parametrize("folder", sorted({m.parent for m in MODULES}), ids=str)
def test_a_room_is_small(folder):
    assert len([m for m in MODULES if m.parent == folder and m.name != "__init__.py"]) <= MAX_MODULES


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_and_its_functions_are_short(module):
    text = (ROOT / module).read_text()
    # A docstring is documentation: its length says nothing about the code.
    lengths = {
        node.name: node.end_lineno - node.body[0].lineno - (_docstring_lines(node) - 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_literal(node)
    }

    assert len(text.splitlines()) <= MAX_LINES
    assert {name: length for name, length in lengths.items() if length > MAX_LINES_OF_A_FUNCTION} == {}


def _is_literal(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function does nothing but return data that are written out, as Airflow wants of provider info."""
    return isinstance(node.body[-1], ast.Return) and isinstance(node.body[-1].value, ast.Dict) and len(node.body) <= 2


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(ast.get_docstring(node, clean=False).splitlines()) if ast.get_docstring(node) else 0


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


LOADED_WITH = """
import json, sys
import airflow
before = set(sys.modules)
__import__(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.mark.parametrize("module", ["operators.call_log", "operators.sms", "sensors.messages", "triggers.messages"])
def test_an_import_loads_what_a_run_needs_only_later(module):
    """By number of our modules, which is what an import costs; how long it takes is measured in `bench/imports.py`."""
    command = [sys.executable, "-c", LOADED_WITH, f"{PACKAGE}.{module}"]
    added = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1])

    assert "requests" not in added
    assert len([name for name in added if name.startswith(PACKAGE)]) <= (60 if "triggers" in module else 30)


def test_what_dag_files_import_stays_light():
    """Operators are imported at every parse of every DAG file: no HTTP, no Arrow, no server comes with them."""
    rooms = {"operators", "sensors", "notifications", "retry_policy", "provider_info"}
    modules = [".".join((PACKAGE, *module.with_suffix("").parts)) for module in MODULES if room(module) in rooms]

    command = [sys.executable, "-c", AFTER_AIRFLOW, *modules]
    added = set(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1]))

    assert PACKAGE in added
    assert added & {"pyarrow", "python_multipart", "redis", "requests", "s3fs", "starlette", "uvicorn"} == set()
