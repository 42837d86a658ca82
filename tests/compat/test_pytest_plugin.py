"""The page about testing DAGs, followed word for word in a home where nothing is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs/guides/sandbox.md"


@pytest.mark.db
def test_the_test_of_the_guide_passes_in_an_empty_home(tmp_path):
    conftest, test, *_ = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_my_dag.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTEST"))}
    home = tmp_path / "home"
    home.mkdir()

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", str(tmp_path)],
        cwd=tmp_path,
        env=environment | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in ran.stdout, ran.stdout[-5000:] + ran.stderr
    # Nothing of the tests lies in the user's own home.
    assert not (home / "airflow").exists()
