"""What a user gets: the wheel, the source archive, and nothing beside them."""

from __future__ import annotations

import configparser
import email
import importlib.metadata
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from airflow_provider_ringcentral import __version__

ROOT = Path(__file__).parent.parent
NAME = "airflow-provider-ringcentral"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def inside(wheel, name):
    return wheel.read(f"airflow_provider_ringcentral-{__version__}.dist-info/{name}").decode()


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "airflow_provider_ringcentral").rglob("*.py")}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert packed == sources | {"airflow_provider_ringcentral/py.typed"}


def test_the_wheel_declares_its_entry_points(wheel):
    entries = configparser.ConfigParser()
    entries.read_string(inside(wheel, "entry_points.txt"))

    assert {section: dict(entries[section]) for section in entries.sections()} == {
        "apache_airflow_provider": {"provider_info": "airflow_provider_ringcentral.provider_info:get_provider_info"},
        "console_scripts": {"ringcentral-diagnose": "airflow_provider_ringcentral.diagnose.__main__:main"},
    }


def test_the_metadata_says_what_the_registry_and_airflow_show(wheel):
    metadata = email.message_from_string(inside(wheel, "METADATA"))

    assert metadata["Name"] == NAME
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Documentation" in {url.split(",")[0] for url in metadata.get_all("Project-URL")}
    assert "Framework :: Apache Airflow :: Provider" in metadata.get_all("Classifier")
    assert "LICENSE" in metadata.get_all("License-File")


def test_the_readme_on_a_package_index_links_to_the_repository(wheel):
    metadata = email.message_from_string(inside(wheel, "METADATA"))
    pages = re.findall(r"\]\(([^)\s]+)\)", metadata.get_payload())
    source = next(url for url in metadata.get_all("Project-URL") if url.startswith("Source")).split(", ")[1]

    assert len(pages) > 10
    assert [page for page in pages if not page.startswith("https://")] == []
    assert f"{source}/blob/main/docs/index.md" in pages


def test_the_readme_lists_the_extras(wheel):
    metadata = email.message_from_string(inside(wheel, "METADATA"))
    listed = re.findall(r"^\| `(\w+)` \| ", (ROOT / "README.md").read_text().split("| extra |")[1], re.MULTILINE)

    assert set(metadata.get_all("Provides-Extra")) - {"dev"} >= set(listed[:3]) == {"parquet", "redis", "sandbox"}


def test_the_source_archive_can_be_tested(dist):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}

    assert {"airflow_provider_ringcentral", "tests", "example_dags", "scripts", "Makefile", "pyproject.toml"} <= top
    assert not top & {".venv", ".demo", ".compat", ".git"}


def brought_by(name):
    """Every distribution that installing `name` brings, by the requirements of what is installed here."""
    seen = set()
    waiting = [Requirement(name)]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.requires(requirement.name) or []:
            needed = Requirement(line)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return {name for name, _ in seen}


def test_the_base_install_adds_nothing_to_airflow():
    """On Airflow 3; 2.11 lacks some (msgspec among them) and gets them."""
    ours = {
        canonicalize_name(need.name) for need in map(Requirement, importlib.metadata.requires(NAME)) if not need.marker
    }

    assert ours == {
        "apache-airflow",
        "apache-airflow-providers-common-compat",
        "asgiref",
        "cryptography",
        "jinja2",
        "msgspec",
        "requests",
        "tenacity",
    }
    assert ours - brought_by("apache-airflow") == set()
