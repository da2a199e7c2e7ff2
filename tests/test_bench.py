"""The page of ratios: what a row says, when a ratio holds, and that every benchmark is there to be run.

What things cost is no matter of tests: `make bench` measures it.
"""

import importlib
import json
import subprocess
import sys

import pytest

from cxlib.places import ROOT

FOLDER = ROOT / "tests" / "bench"


@pytest.fixture
def bench(monkeypatch):
    """The module behind `make bench`, none of whose rows is measured."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("bench")


@pytest.fixture
def row(bench):
    return importlib.import_module("measure").row


def test_the_list_names_every_benchmark_and_says_what_it_is():
    command = [sys.executable, str(FOLDER / "bench.py"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    there = {path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py")}
    assert {line.split()[0] for line in listed} == there
    assert all(line[10:].endswith(".") for line in listed)


def test_every_benchmark_has_rows(bench):
    for name in bench.NAMES:
        assert callable(importlib.import_module(f"bench_{name}").rows), name


@pytest.mark.parametrize(
    ("bound", "measured", "held"),
    [
        ({}, 0.25, None),
        ({"at_most": 0.25}, 0.25, True),
        ({"at_most": 0.2}, 0.25, False),
        ({"at_least": 4}, 4.0, True),  # the other way round: how many times faster
        ({"at_least": 5}, 4.0, False),
        ({"at_least": 0.9, "measured": 0.95}, 0.95, True),
    ],
)
def test_a_ratio_and_whether_it_holds(row, bound, measured, held):
    one = row("work", 2.0, 8.0, "the other way", **bound)
    assert (one["measured"], one["held"]) == (measured, held)


def test_the_table_and_the_page_say_the_same(bench, row):
    rows = [row("quick", 2.0, 16.0, "papermill", at_least=8), row("memory", 3.0, 2.0, "2 GB", at_most=1, unit="GB"),
            row("free", 1.0, 2.0, "pandas")]  # fmt: skip
    wanted = [
        ["quick", "at least 8", "8", "2 s", "16 s", "papermill", "yes"],
        ["memory", "at most 1", "1.5", "3 GB", "2 GB", "2 GB", "NO"],
        ["free", "", "0.5", "1 s", "2 s", "pandas", ""],
    ]
    assert [bench.cells(one) for one in rows] == wanted
    about = {
        "cores": 2,
        "memory_gb": 7.8,
        "system": "Linux x86_64",
        "python": "3.11.7",
        "commit": "",
        "day": "2026-11-28",
    }
    page = bench.page(rows, ["scale"], about)
    assert "2 cores, 7.8 GB of memory, Linux x86_64, Python 3.11.7; commit unknown, 2026-11-28." in page
    assert [line.strip("| ").replace(" |  | ", " | ") for line in page.splitlines() if line.startswith("| free")] == [
        "free | 0.5 | 1 s | 2 s | pandas"
    ]
    assert "1 of 2 ratios that must hold do. Not measured, for an error: scale." in page


@pytest.mark.parametrize(("at_most", "code"), [(1, 0), (0.1, 1)])
def test_a_missed_ratio_is_exit_code_1_and_is_written(bench, row, monkeypatch, tmp_path, capsys, at_most, code):
    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(bench, "apart", lambda module, function, *given: [row(module, 1.0, 2.0, "it", at_most=at_most)])
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench.py"])
    assert bench.main() == code
    record = json.loads((tmp_path / "reports" / "bench.json").read_text(encoding="utf-8"))
    assert [one["work"] for one in record["rows"]] == [f"bench_{name}" for name in bench.NAMES]
    assert set(record["machine"]) == {"cores", "memory_gb", "system", "python", "commit", "day"}
    assert bench.printed(record["rows"]) in capsys.readouterr().out


def test_some_of_it_leaves_the_page_alone_and_an_error_is_told(bench, monkeypatch, tmp_path, capsys):
    def broken(module, function, *given):
        raise subprocess.CalledProcessError(1, module)

    monkeypatch.setattr(bench, "apart", broken)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench.py", "--only", "scale"])
    assert bench.main() == 1
    assert "Not measured, for an error: scale." in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_benchmark_runs_in_a_process_of_its_own(bench):
    measure = importlib.import_module("measure")
    assert measure.apart("measure", "row", "work", 1.0, 4.0, "it")["measured"] == 0.25


def test_a_chapter_s_overhead_can_be_told_from_its_cells(bench):
    """The times of cells are noted inside execute(), which forgets them."""
    (found,) = importlib.import_module("measure").apart("bench_overhead", "rows", "complaint_iceberg", 1)
    assert found["ours"] > 0
    assert found["baseline"] > 0
