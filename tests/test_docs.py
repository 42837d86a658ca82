"""The documentation agrees with the code: the reference is current, links work, and the README's code runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_SERVER
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONNECTION = "AIRFLOW_CONN_RINGCENTRAL_DEFAULT"


def block(page, kind, *, mark=""):
    """Return the first code block of a kind on a page, after `mark`."""
    text = (ROOT / page).read_text()
    return re.search(rf"```{kind}\n(.*?)```", text[text.index(mark) :], re.DOTALL)[1]


def test_the_reference_is_current(tmp_path):
    """If it is not, run `make docs`."""
    subprocess.run([sys.executable, "scripts/generate-docs", tmp_path], cwd=ROOT, check=True)

    committed = {path.name: path.read_text() for path in (ROOT / "docs/reference").glob("*.md")}
    assert committed == {path.name: path.read_text() for path in tmp_path.glob("*.md")}


def prose(page):
    """Return the page without its code blocks."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def anchors(page):
    """Return the fragments of the headings of a page, as GitHub derives them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_page_and_a_heading(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, fragment = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and not (target.exists() and (not fragment or fragment in anchors(target))):
            broken.append(link)

    assert broken == []


def test_the_index_lists_every_guide_explanation_and_reference():
    index = (ROOT / "docs/index.md").read_text()
    rooms = ("explanation", "guides", "reference")
    pages = [path.relative_to(ROOT / "docs") for path in PAGES if path.parent.name in rooms]

    assert [str(page) for page in pages if f"({page})" not in index] == []


def test_the_index_of_decisions_lists_every_decision():
    index = (ROOT / "docs/decisions/README.md").read_text()
    pages = [path.name for path in (ROOT / "docs/decisions").glob("0*.md")]

    assert [page for page in pages if f"({page})" not in index] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/explanation/glossary.md"])
def test_the_files_that_a_page_names_exist(page):
    named = re.findall(r"`(\w+/[\w./]*)`", (ROOT / page).read_text())
    roots = (ROOT, ROOT / "airflow_provider_ringcentral")

    assert len(named) > 5
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_the_glossary_explains_each_term_once():
    terms = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/explanation/glossary.md").read_text(), re.MULTILINE)
    terms = [term for term in terms if term not in ("term", "---")]

    assert len(terms) > 50
    assert sorted(term for term in terms if terms.count(term) > 1) == []


RETIRED = (
    r"\b(bookmarks?|enclosures?|errands?|halves|notebooks?|parcels?|rivals|shelf|shelves|spoil\w*|storms?|strangers?"
    r"|strikes|wishes|verdicts?|goes on with|gone on with|whoever|shall)\b"
)
"""Words that earlier versions used for what the glossary names otherwise, and turns of phrase that nobody writes."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_use_the_terms_of_the_glossary(page):
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", prose(page))

    assert [match[0] for match in re.finditer(RETIRED, text, re.IGNORECASE)] == []
    assert "FACTS" not in text


def test_the_package_cites_only_what_its_readers_have():
    """RingCentral's operationIds and guide pages, and nothing that is not installed with the package."""
    package = ROOT / "airflow_provider_ringcentral"
    cited = {path: re.findall(r"FACTS|\bdocs/[\w/-]+\.md", path.read_text()) for path in package.rglob("*.py")}

    assert {str(path.relative_to(package)): found for path, found in cited.items() if found} == {}


def test_the_two_commands_of_the_readme_exist():
    commands = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert commands == ["make demo", "make test"]
    for command in commands:
        subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def exported(script):
    """Run an `export` of the README in a shell, and return the value of the Connection's variable."""
    ran = subprocess.run(["bash", "-c", f"{script}\nenv -0"], capture_output=True, check=True, text=True, env={})
    return dict(line.split("=", 1) for line in ran.stdout.split("\0") if "=" in line)[CONNECTION]


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        pytest.param(
            exported(block("README.md", "bash", mark="test: connection")),
            ("the client id", "the client secret", "the.jwt.credential"),
            id="README",
        ),
        pytest.param(
            block("docs/reference/connection.md", "json"),
            ("the-client-id", "the-client-secret", "the.jwt.credential"),
            id="reference-json",
        ),
        pytest.param(
            block("docs/reference/connection.md", "", mark="As a URI").strip(),
            ("the-client-id", "the-client-secret", "the.jwt.credential"),
            id="reference-uri",
        ),
    ],
)
def test_every_notation_of_a_connection_is_read(value, secrets, monkeypatch):
    monkeypatch.setenv(CONNECTION, value)

    credentials = RingCentralJWTHook().credentials

    assert (credentials.client_id, credentials.client_secret, credentials.jwt) == secrets
    assert credentials.server == DEFAULT_SERVER


@pytest.mark.db
@pytest.mark.usefixtures("connection")
def test_the_dag_of_the_readme_writes_its_file(database, tmp_path):
    dag = block("README.md", "python", mark="test: dag").replace("file:///tmp/calls", tmp_path.as_uri())
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/readme.py").write_text(dag)

    today = datetime.now(tz=UTC).date()
    yesterday = str(today - timedelta(days=1))
    command = [Path(sys.executable).parent / "airflow", "dags", "test", "calls_of_yesterday", str(today)]
    environment = os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags")}
    run = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = tmp_path.glob("*.ndjson.gz")
    assert path.name == f"{yesterday}.ndjson.gz"
    unpacked = subprocess.run(["gzip", "-dc", path], capture_output=True, check=True)
    starts = {json.loads(line)["startTime"][:10] for line in unpacked.stdout.splitlines()}
    assert starts == {yesterday}
