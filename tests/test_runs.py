"""Reports made side by side, from the cache, and after one another: what runs again, what fails, what is left alone."""

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cxlib.errors import CxError
from cxlib.report import plan as plans
from cxlib.report import run
from cxlib.report.cache import Cache
from cxlib.report.execute import ChapterError
from cxlib.report.folder import folder_of
from cxlib.report.plan import make_plan
from cxlib.report.run import Report, run_all

ROOT = Path(__file__).resolve().parent.parent
FORMATS = ("xlsx",)


class Executed:
    """Stands in for execution: puts the committed notebook in place, and keeps what was asked for."""

    def __init__(self, failing: str = "", gather: int = 0):
        self.chapters: list[str] = []
        self.failing, self.barrier = failing, threading.Barrier(gather) if gather else None

    def __call__(self, planned, out):
        self.chapters.append(planned.chapter)
        if self.barrier is not None and planned.chapter != plans.SUMMARY:
            self.barrier.wait(timeout=60)
        if planned.chapter == self.failing:
            raise ChapterError(planned, "cell 3 (Data and bases)", "CxError: no such wave")
        notebook = json.loads((ROOT / "notebooks" / planned.notebook).read_text(encoding="utf-8"))
        notebook["metadata"]["papermill"] = {"parameters": planned.parameters}
        out.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture
def cold(monkeypatch):
    """No server is started for work that nobody executes."""
    monkeypatch.setenv("CX_KERNELS", "cold")


def a_report(out: Path, *chapters: str, formats=FORMATS, **given) -> Report:
    return Report(*make_plan("data/demo", only=chapters or ("complaint_iceberg", "summary"), **given), out, formats)


def made(*reports: Report, failing: str = "", gather: int = 0, **how) -> list[str]:
    """Make reports; the chapters that were executed for them."""
    execute = Executed(failing, gather)
    run_all(list(reports), execute=execute, **how)
    return execute.chapters


@pytest.mark.usefixtures("cold")
class TestReuse:
    def test_nothing_is_executed_or_written_when_nothing_has_changed(self, tmp_path):
        made(a_report(tmp_path / "r"))
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "r").rglob("*")}
        again = a_report(tmp_path / "r")
        assert made(again, cache=Cache(tmp_path / "cache")) == []
        assert again.told() == f"{tmp_path / 'r'}: nothing has changed since it was made; 2 chapters reused"
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "r").rglob("*")} == before

    def test_without_a_cache_everything_is_executed(self, tmp_path):
        made(a_report(tmp_path / "r"))
        again = a_report(tmp_path / "r")
        assert made(again) == ["complaint_iceberg", "summary"]
        assert not again.unchanged

    def test_a_file_that_somebody_changed_is_made_again(self, tmp_path):
        cache = Cache(tmp_path / "cache")
        made(a_report(tmp_path / "r"), cache=cache)
        whole = (tmp_path / "r" / "results.json").read_bytes()
        (tmp_path / "r" / "results.json").write_bytes(whole.replace(b"1", b"2", 1))
        again = a_report(tmp_path / "r")
        assert made(again, cache=cache) == []  # the chapters are in the cache, the rest is made of them
        assert not again.unchanged
        assert (tmp_path / "r" / "results.json").read_bytes() == whole

    def test_other_formats_are_rendered_from_what_was_executed(self, tmp_path):
        cache = Cache(tmp_path / "cache")
        made(a_report(tmp_path / "r"), cache=cache)
        again = a_report(tmp_path / "r", formats=("html",))
        assert made(again, cache=cache) == []
        assert again.reused == ["complaint_iceberg", "summary"]
        assert (tmp_path / "r" / "index.html").is_file()
        assert not (tmp_path / "r" / "tables.xlsx").exists()

    def test_a_changed_chapter_runs_again_and_with_it_the_summary(self, tmp_path, monkeypatch):
        cache, chapters = Cache(tmp_path / "cache"), ("complaint_iceberg", "metric_regressions", "summary")
        made(a_report(tmp_path / "r", *chapters), cache=cache)
        hashed = plans.source_hash
        changed = "05_metric_regressions.ipynb"
        monkeypatch.setattr(plans, "source_hash", lambda path: hashed(path) + "x" * (path.name == changed))
        again = a_report(tmp_path / "r", *chapters)
        assert made(again, cache=cache) == ["metric_regressions", "summary"]
        assert again.reused == ["complaint_iceberg"]

    @pytest.mark.parametrize("change", ["parameters", "inputs", "code", "lock", "environment", "lang"])
    def test_whatever_a_chapter_rests_on_is_in_its_key(self, change):
        plan = a_report(Path("r")).plan
        other = {
            "parameters": lambda: a_report(Path("r"), parameters={"confidence": "0.9"}).plan,
            "lang": lambda: a_report(Path("r"), lang="vi").plan,
        }.get(change, lambda: plans.replace(plan, **{change: {"x": "y"}}))()
        for one, another in zip(plan.chapters, other.chapters, strict=True):
            assert plan.key(one) != other.key(another)

    def test_the_key_is_the_same_in_another_process(self):
        code = (
            "from cxlib.report.plan import make_plan; plan, _ = make_plan('data/demo');"
            "print(*[plan.key(one) for one in plan.chapters])"
        )
        found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        plan, _ = make_plan("data/demo")
        assert found.stdout.split() == [plan.key(one) for one in plan.chapters]

    def test_a_re_run_imports_neither_papermill_nor_pandas(self, tmp_path):
        made(a_report(tmp_path / "r", formats=tuple(plans.FORMATS)))
        chapters = ["--only", "complaint_iceberg", "--only", "summary"]
        code = (
            "import sys; from cxlib.cli import cli; cli(sys.argv[1:], standalone_mode=False);"
            "print(sorted({'papermill', 'pandas', 'numpy', 'matplotlib', 'nbformat'} & set(sys.modules)))"
        )
        command = [sys.executable, "-c", code, "report", "data/demo", *chapters, "--out", tmp_path / "r"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.stdout.splitlines() == [
            f"{tmp_path / 'r'}: nothing has changed since it was made; 2 chapters reused",
            "[]",
        ], done.stderr


@pytest.mark.usefixtures("cold")
class TestSideBySide:
    def test_chapters_run_at_once_and_the_summary_after_them(self, tmp_path):
        """Each waits until three are under way: one after the other, none would begin."""
        chapters = ("complaint_iceberg", "journey_map", "metric_regressions", "summary")
        executed = made(a_report(tmp_path / "r", *chapters), workers=3, gather=3)
        assert sorted(executed[:3]) == sorted(chapters[:3])
        assert executed[3:] == ["summary"]

    def test_chapters_of_different_reports_run_at_once(self, tmp_path):
        reports = [a_report(tmp_path / str(number)) for number in range(3)]
        made(*reports, workers=3, gather=3)
        assert [report.error for report in reports] == [None] * 3
        assert all((tmp_path / str(number) / "tables.xlsx").is_file() for number in range(3))

    def test_a_report_that_fails_does_not_stop_the_others_and_leaves_the_last_one(self, tmp_path):
        made(a_report(tmp_path / "b", "journey_map"))
        before = (tmp_path / "b" / "plan.json").read_bytes()
        given = {"parameters": {"confidence": "0.9"}}
        reports = [a_report(tmp_path / "a"), a_report(tmp_path / "b", "journey_map", **given), a_report(tmp_path / "c")]
        made(*reports, failing="journey_map")
        assert [report.error is None for report in reports] == [True, False, True]
        assert str(reports[1].error) == (
            "chapter journey_map failed: notebook 03_journey_map.ipynb, cell 3 (Data and bases): CxError: no such wave"
        )
        assert (tmp_path / "b" / "plan.json").read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]

    def test_what_has_not_begun_of_a_failed_report_does_not_begin(self, tmp_path):
        chapters = ("complaint_iceberg", "journey_map", "metric_regressions", "summary")
        report = a_report(tmp_path / "r", *chapters)
        assert made(report, workers=1, failing="journey_map") == ["journey_map"]  # the longest begins
        assert "chapter journey_map failed" in str(report.error)
        assert list(tmp_path.iterdir()) == []

    def test_a_bug_surfaces_and_leaves_nothing(self, tmp_path):
        def broken(planned, out):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run_all([a_report(tmp_path / "r")], execute=broken)
        assert list(tmp_path.iterdir()) == []

    def test_a_target_that_is_no_report_is_told_and_the_others_are_made(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "thesis.docx").write_text("years of work")
        reports = [a_report(tmp_path / "a"), a_report(tmp_path / "b")]
        made(*reports)
        assert "is not a report" in str(reports[0].error)
        assert reports[1].error is None


class TestCache:
    def test_what_was_put_is_got(self, tmp_path):
        cache = Cache(tmp_path / "new" / "cache")
        assert cache.get("k") is None
        cache.put("k", b"words")
        assert cache.get("k") == b"words"
        assert (tmp_path / "new" / "cache").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize("place", [0, 40, 70, -1], ids=["digest", "middle", "content", "last byte"])
    def test_a_damaged_entry_is_found_and_goes(self, tmp_path, place):
        cache = Cache(tmp_path)
        cache.put("k", b"words" * 100)
        whole = bytearray((tmp_path / "k").read_bytes())
        whole[place] ^= 1
        (tmp_path / "k").write_bytes(whole)
        assert cache.get("k") is None
        assert list(tmp_path.iterdir()) == []
        cache.put("k", b"words")
        assert cache.get("k") == b"words"

    def test_a_cut_entry_is_found(self, tmp_path):
        cache = Cache(tmp_path)
        for length in (0, 10, 64, 65, 80):
            cache.put("k", random.randbytes(500))
            (tmp_path / "k").write_bytes((tmp_path / "k").read_bytes()[:length])
            assert cache.get("k") is None

    def test_the_least_lately_used_go_when_it_grows_over_its_limit(self, tmp_path):
        cache = Cache(tmp_path, limit=10_000)
        for number in range(4):
            cache.put(str(number), os.urandom(2_400))
            os.utime(tmp_path / str(number), (number, number))
        assert cache.get("0") is not None  # used now, so that 1 is the oldest
        cache.put("4", os.urandom(2_400))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2", "3", "4"]

    def test_a_folder_that_cannot_be_written_is_no_fault(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        cache = Cache(tmp_path / "file")
        cache.put("k", b"words")
        assert cache.get("k") is None

    def test_writers_and_readers_at_once_see_whole_entries(self, tmp_path):
        words = {f"k{number}": bytes([number]) * 50_000 for number in range(4)}

        def work():
            cache = Cache(tmp_path, limit=300)  # so small that entries come and go
            for _ in range(30):
                for key, content in words.items():
                    cache.put(key, content)
                    wrong.extend(key for key in words if cache.get(key) not in (None, words[key]))

        wrong: list[str] = []
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_run_raises_what_stopped_the_report(tmp_path, monkeypatch):
    monkeypatch.setenv("CX_KERNELS", "cold")
    monkeypatch.setattr(run, "_here", Executed("complaint_iceberg"))
    monkeypatch.setattr(run.run_all, "__kwdefaults__", run.run_all.__kwdefaults__ | {"execute": run._here})
    with pytest.raises(CxError, match="chapter complaint_iceberg failed"):
        run.run(*make_plan("data/demo", only=["complaint_iceberg"]), tmp_path / "r", formats=FORMATS)


def test_a_part_is_a_parameter_with_a_title_and_a_folder_of_its_own():
    plan, book = make_plan("data/demo", only=["survey_analysis"], parameters={"part": "city: hanoi"})
    assert plan.part == "city: hanoi"
    assert [one.parameters["part"] for one in plan.chapters] == ["city: hanoi"]
    assert book.words(book.title) == "Sao Mai Retail: customer experience 2025-2026 · City: Hanoi"
    assert folder_of("data/demo", "en", plan.part) == Path("reports/demo-city-hanoi")
    assert folder_of("data/demo", "vi", plan.part) == Path("reports/demo-vi-city-hanoi")


READING = """
import json, os, sys
from pathlib import Path

opened = set()
sys.addaudithook(lambda event, found: event == "open" and isinstance(found[0], str) and opened.add(found[0]))
names = {}
for cell in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code" and "explore" not in cell["metadata"].get("tags", []):
        exec("".join(cell["source"]), names)
paths = {os.path.realpath(path) for path in opened}
print("opened:", *sorted(path for path in paths if os.path.isfile(path)), sep="\\n")
"""


def test_a_chapter_reads_nothing_that_its_key_does_not_know():
    """Every file that its cells open, asked of the interpreter itself: of the study those with a fingerprint, else only
    the package, its notebooks, libraries and what the system has for all programs."""
    command = [sys.executable, "-c", READING, "notebooks/01_complaint_iceberg.ipynb"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    opened = [Path(line) for line in done.stdout.partition("opened:\n")[2].splitlines()]
    demo = ROOT / "data" / "demo"
    known = {(demo / name).resolve() for name in make_plan("data/demo")[0].inputs}
    assert (demo / "survey.csv").resolve() in opened
    ours = [Path(sys.prefix), Path(sys.base_prefix), ROOT / "cxlib", ROOT / "notebooks", Path("/proc"), Path("/etc")]
    allowed = [*ours, Path("/usr"), Path("/sys"), Path.home() / ".cache", Path.home() / ".config" / "matplotlib"]
    places = [path.resolve() for path in allowed]
    strange = [path for path in opened if path not in known and not any(path.is_relative_to(one) for one in places)]
    assert strange == []
