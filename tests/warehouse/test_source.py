"""What `source` may be, and files of every format. SQLite is enough for these."""

from __future__ import annotations

import gzip
import json

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.atomic import complete_file
from airflow_provider_ringcentral.files.columns import OTHER
from airflow_provider_ringcentral.files.formats import FORMATS
from airflow_provider_ringcentral.warehouse.load import load_files
from airflow_provider_ringcentral.warehouse.source import files_of
from tests.warehouse.conftest import Warehouse, call


def names(source):
    return [file.path.name for file in files_of(source, UPath)]


def test_a_folder_means_its_files_in_order(tmp_path):
    for name in ("calls-2.ndjson", "calls-1.ndjson.gz", "CALLS-3.PARQUET", ".calls-0.ndjson", "notes.txt", "calls.csv"):
        (tmp_path / name).touch()
    (tmp_path / ".sync").mkdir()
    (tmp_path / ".sync" / "part.ndjson").touch()
    (tmp_path / "more.ndjson").mkdir()

    assert names(str(tmp_path)) == ["CALLS-3.PARQUET", "calls-1.ndjson.gz", "calls-2.ndjson"]


DAYS = [
    "2026-11-01/a.ndjson",
    "2026-11-01/b/c.parquet",
    "2026-11-01/.sync/part.ndjson",
    "2026-11-02/a.ndjson",
    "2026-11-02/d.ndjson.parts/part.ndjson",
    "2026-11-02/notes.txt",
    "2027-[1]/a.ndjson",
    "2027-1/a.ndjson",
    "a.ndjson",
]
MEANT = {
    "": ["2026-11-01/a.ndjson", "2026-11-01/b/c.parquet", "2026-11-02/a.ndjson", *DAYS[-3:]],
    "2026-11-0?": ["2026-11-01/a.ndjson", "2026-11-01/b/c.parquet", "2026-11-02/a.ndjson"],
    "*/*.ndjson": ["2026-11-01/a.ndjson", "2026-11-02/a.ndjson", "2027-1/a.ndjson", "2027-[1]/a.ndjson"],
    "**/*.parquet": ["2026-11-01/b/c.parquet"],
    "2026-11-0[2-9]/*": ["2026-11-02/a.ndjson"],
    "2027-[1]": ["2027-[1]/a.ndjson"],
    "2027-[1]/a.ndjson": ["2027-[1]/a.ndjson"],
    "2027-[12]/a.ndjson": ["2027-1/a.ndjson"],
}


@pytest.fixture(params=["local", "memory"])
def days(request, tmp_path):
    """A folder of day folders: on a disk, and in a store of objects."""
    root = UPath(tmp_path) if request.param == "local" else UPath(f"memory://{tmp_path.name}")
    for name in DAYS:
        path = root.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    yield root
    if request.param == "memory":
        root.fs.rm(root.path, recursive=True)


@pytest.mark.parametrize("pattern", MEANT)
def test_subfolders_and_patterns(days, pattern):
    found = files_of(f"{days}/{pattern}" if pattern else str(days), UPath)

    assert [file.path.path.partition(days.name + "/")[2] for file in found] == sorted(MEANT[pattern])
    assert all(file.path.exists() for file in found)


def test_a_pattern_that_matches_nothing_of_ours_is_refused(days):
    with pytest.raises(BadArgument, match=r"no file that ends in .* matches"):
        files_of(f"{days}/2026-11-02/*.txt", UPath)


def test_receipts_and_lists(tmp_path):
    (tmp_path / "a.ndjson").touch()
    receipt, nothing = {"destination": str(tmp_path / "b.ndjson")}, {"destination": None}

    assert names(receipt) == ["b.ndjson"]
    assert names(nothing) == []
    assert names([receipt, nothing, str(tmp_path), [str(tmp_path / "c.ndjson")]]) == [
        "b.ndjson",
        "a.ndjson",
        "c.ndjson",
    ]
    assert names(iter((receipt,))) == ["b.ndjson"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "source is a NoneType"),
        (5, "source is a int"),
        (b"x", "source is a bytes"),
        ("", "source is empty"),
        ([], "source is an empty list"),
        ([None], "source is a NoneType"),
        ({"records": 1}, "a dict without destination"),
        ("{'destination': 'x'}", r"pass the output of the task"),
    ],
)
def test_what_is_no_source_is_refused(source, said):
    with pytest.raises(BadArgument, match=said) as caught:
        files_of(source, UPath)

    assert caught.value.parameter == "source"


def test_a_folder_without_files_of_ours_is_refused(tmp_path):
    (tmp_path / "calls.csv").touch()

    with pytest.raises(BadArgument, match=r"have no file that ends in \.ndjson"):
        files_of(str(tmp_path), UPath)


def write(path, lines, name):
    with complete_file(UPath(path)) as out:
        FORMATS[name].write(iter(lines), out, CALL_COLUMNS)
    return str(path)


def test_every_format_gives_the_same_rows(tmp_path, detailed):
    """Of calls as the sandbox has them, with legs, and one whose values do not fit the columns."""
    odd = call("I1", duration="long", sessionId=7, to={"name": None, "device": {"id": "5"}}, legs=[{"duration": "x"}])
    lines = [json.dumps(record).encode() + b"\n" for record in [*detailed, odd]]

    found = {}
    for name in ("ndjson", "ndjson.gz", "parquet"):
        (tmp_path / name).mkdir()
        warehouse = Warehouse(f"sqlite:///{tmp_path / name}/warehouse.db", tmp_path / name)
        receipt = warehouse.load_from(write(tmp_path / name / f"calls.{name}", lines, name))
        assert receipt["rows_read"] == 301
        calls = {
            key: {k: v for k, v in row.items() if k not in ("loaded_at", "raw")}
            for key, row in warehouse.calls().items()
        }
        raw = {key: row["raw"] for key, row in warehouse.calls().items() if key != "I1"}
        found[name] = calls, warehouse.legs(), raw

    assert len(found["ndjson"][1]) > 300
    assert found["parquet"] == found["ndjson.gz"] == found["ndjson"]
    assert found["ndjson"][2] == {record["id"]: record for record in detailed}


BAD = {
    "text.ndjson": (b"hello\nworld\n", "line 1 is not a JSON object"),
    "array.ndjson": (b'["id"]\n', "line 1 is not a JSON object"),
    "extensions.ndjson": (b'{"id": "I1"}\n{"name": "x"}\n', "line 2 has no id"),
    "null.ndjson": (b'{"id": null}\n', "line 1 has no id"),
    "object.ndjson": (b'{"id": {}}\n', "line 1 has no id"),
    "cut.ndjson": (b'{"id": "I1"}\n{"id": "I', "line 2 is not a JSON object"),
    "latin.ndjson": (b'{"id": "I1", "reason": "\xe9"}\n', "line 1 has bytes that are not UTF-8"),
    "cut.ndjson.gz": (gzip.compress(b'{"id": "I1"}\n' * 9)[:-9], "is not a complete gzip file"),
    "plain.ndjson.gz": (b'{"id": "I1"}\n', "is not a complete gzip file"),
    "text.parquet": (b"hello", "damaged, cut off or not Parquet"),
    "calls.csv": (b"id\nI1\n", r"cannot be loaded: its name must end in \.ndjson"),
    "calls": (b'{"id": "I1"}\n', "cannot be loaded"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_ours_is_refused_and_nothing_loaded(sqlite, tmp_path, name):
    content, said = BAD[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadArgument, match=said) as caught:
        sqlite.load_from(str(tmp_path / name))

    assert str(tmp_path / name) in str(caught.value)
    assert sqlite.calls() == {}


def test_parquet_of_other_columns_is_refused(sqlite, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table({"id": ["I1"], "price": [1], OTHER: [None]}), path)
    with pytest.raises(BadArgument, match="it has unknown columns price"):
        sqlite.load_from(path)

    pq.write_table(pa.table({"startTime": ["x"]}), path)
    with pytest.raises(BadArgument, match="it has no column id, other"):
        sqlite.load_from(path)

    pq.write_table(pa.table({"id": pa.array(["I1"]), OTHER: pa.array(["{"])}), path)
    with pytest.raises(BadArgument, match="line 1 has a value that cannot be read"):
        sqlite.load_from(path)
    assert sqlite.calls() == {}


def test_a_file_that_is_not_there_is_told(sqlite, tmp_path):
    with pytest.raises(BadArgument, match="does not exist"):
        sqlite.load_from({"destination": str(tmp_path / "gone.ndjson")})


class Closed(MemoryFileSystem):
    """A store that says no, or nothing."""

    cachable = False

    def __init__(self, error):
        super().__init__()
        self.error = error

    def isdir(self, path):
        if "folder" in path:
            raise self.error
        return False

    def open(self, path, mode="rb", **options):
        raise self.error


def closed(error):
    """Makes paths of such a store, with the names of a UPath that are used."""
    names = {"fs": Closed(error), "__str__": lambda path: path.path}
    return lambda url: type("Path", (), {**names, "path": url})()


@pytest.mark.parametrize("name", ["folder", "calls.ndjson"])
@pytest.mark.parametrize(
    ("error", "kind", "cure"),
    [
        (PermissionError(13, "Access Denied"), BadArgument, "Grant read access"),
        (OSError(5, "Reduce your request rate"), Unavailable, "Check the store's Connection"),
    ],
)
def test_a_store_that_cannot_be_read_is_told_with_cause_and_cure(sqlite, name, error, kind, cure):
    with pytest.raises(kind, match=f"{name} cannot be read: {type(error).__name__}") as caught:
        load_files(sqlite.engine, files_of(f"closed://bucket/{name}", closed(error)))

    assert caught.value.remedy.cure.startswith(cure)
    assert caught.value.__suppress_context__
