"""Reports under faults, a seeded sample: kills, full disks, folders that are closed, runs at the same target at once.

tests/soak/test_faults_soak.py has them in full.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from exchanges import (
    BEFORE,
    MEANS,
    NEW,
    OLD,
    THEIRS,
    found,
    killed,
    killed_at_steps,
    put,
    refuse,
    replaced,
    without_exchange,
)
from faults import APART, CLOCK, ROOT, Kills, arguments, committed, confidence, environment, mounts, ran, spread, study

from cxlib import fork, kept
from cxlib.errors import CxError
from cxlib.report import exchange, lock
from cxlib.report import plan as plans
from cxlib.report.cache import Cache
from cxlib.report.plan import make_plan
from cxlib.report.run import Report, run_all

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the faults are made with what Linux has for it")


class TestExchange:
    @pytest.mark.parametrize("before", BEFORE)
    @pytest.mark.parametrize("means", MEANS)
    def test_killed_at_any_step_there_is_the_old_report_or_the_new_one(self, tmp_path, means, before):
        killed_at_steps(tmp_path, means, before, every=9)

    def test_a_symlink_of_the_user_s_is_followed_and_stays(self, tmp_path):
        put(tmp_path / "disk" / "r", OLD)
        (tmp_path / "r").symlink_to("disk/r")
        replaced(lock.place(tmp_path / "r"))
        assert (tmp_path / "r").is_symlink()
        assert found(tmp_path / "disk" / "r") == NEW
        assert [path.name for path in (tmp_path / "disk").iterdir()] == ["r"]

    def test_a_report_behind_a_symlink_of_ours_becomes_a_folder_where_names_can_be_exchanged(self, tmp_path):
        out = tmp_path / "r"
        with pytest.MonkeyPatch.context() as patch:
            without_exchange(patch)
            replaced(out)
            put(out, THEIRS)
        assert out.is_symlink()
        assert lock.place(out) == lock.place(out.resolve()) == out
        replaced(out)
        assert [(path.name, path.is_symlink()) for path in tmp_path.iterdir()] == [("r", False)]
        assert found(out) == NEW | THEIRS

    def test_what_is_saved_beside_the_report_while_it_is_exchanged_is_not_lost(self, tmp_path, monkeypatch):
        out = tmp_path / "r"
        put(out, OLD | THEIRS)
        swap = exchange._swap

        def saved(one, other):
            (out / "notes.part").write_text("newer")
            (out / "notes.part").replace(out / "notes.docx")
            (out / "slides" / "another.pptx").write_text("newer")
            return swap(one, other)

        monkeypatch.setattr(exchange, "_swap", saved)
        replaced(out)
        assert found(out) == NEW | THEIRS | {"notes.docx": "newer", "slides/another.pptx": "newer"}

    def test_what_cannot_be_linked_is_copied_and_a_link_stays_one(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "link", refuse)
        out = tmp_path / "r"
        put(out, OLD | THEIRS)
        (out / "elsewhere").symlink_to("/nowhere")
        replaced(out)
        assert found(out) == NEW | THEIRS
        assert os.readlink(out / "elsewhere") == "/nowhere"

    def test_an_old_report_that_was_made_read_only_is_replaced(self, tmp_path):
        put(tmp_path / "r", OLD)
        for folder in (tmp_path / "r" / "figures", tmp_path / "r"):
            folder.chmod(0o555)
        replaced(tmp_path / "r")
        assert found(tmp_path / "r") == NEW
        assert [path.name for path in tmp_path.iterdir()] == ["r"]

    def test_a_file_is_put_whole_or_not_at_all(self, tmp_path):
        path, step = tmp_path / "index.html", 0
        path.write_text("old")
        while killed(lambda: exchange.put(b"new", path), step := step + 1):
            assert path.read_text() in ("old", "new")
            lock.tidy([path])
            assert list(tmp_path.iterdir()) == [path]
        assert path.read_text() == "new"


class TestLock:
    def test_a_second_run_is_told_who_makes_the_report(self, tmp_path):
        with lock.held(tmp_path / "r"):
            with pytest.raises(CxError) as told, lock.held(tmp_path / "r"):
                pass
            with lock.held(tmp_path / "other"):
                pass
            lock.tidy([tmp_path / "r"])
            assert [path.name for path in tmp_path.iterdir()] == [".r.lock"]
        who = rf"process {os.getpid()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
        told.match(
            rf"^{tmp_path}/r is being made by another run \({who}\); wait until that has ended, or choose another --out"
        )
        assert list(tmp_path.iterdir()) == []

    def test_kill_9_releases_it(self, tmp_path):
        def hold():
            with lock.held(tmp_path / "r"):
                os.kill(os.getpid(), signal.SIGKILL)

        assert killed(hold, 10**6)
        assert [path.name for path in tmp_path.iterdir()] == [".r.lock"]
        with lock.held(tmp_path / "r"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_many_at_once_never_hold_it_together(self, tmp_path):
        """Each writes its number while it holds the lock, and must read it after a while."""
        code = (
            "import os, sys, time; from pathlib import Path; from cxlib.errors import CxError;"
            "from cxlib.report.lock import held; place = Path(sys.argv[1]); wins = 0\n"
            "while wins < 15:\n"
            "    try:\n"
            "        with held(place):\n"
            "            (place.parent / 'who').write_text(str(os.getpid())); time.sleep(0.001)\n"
            "            assert (place.parent / 'who').read_text() == str(os.getpid()); wins += 1\n"
            "    except CxError:\n"
            "        time.sleep(0.0005)"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "r")]
        several = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
        assert [one.wait() for one in several] == [0, 0, 0]
        assert [path.name for path in tmp_path.iterdir()] == ["who"]

    def test_a_file_system_without_locks_goes_without(self, tmp_path, monkeypatch):
        monkeypatch.setattr(lock.fcntl, "flock", refuse)
        put(tmp_path / ".r.new-abcd1234", NEW)  # perhaps another run's, at work
        replaced(tmp_path / "r")
        assert found(tmp_path / "r") == NEW
        assert sorted(path.name for path in tmp_path.iterdir()) == [".r.new-abcd1234", "r"]

    def test_only_what_runs_have_left_is_swept(self, tmp_path):
        ours = (".r.new-abcd1234", ".r.old-abcd1234")
        others = (".r.new-abcd123", ".r.mine", ".s.new-abcd1234", ".r.x.new-abcd1234", "r.new-abcd1234", ".r.lock.new")
        for name in ("r", *ours, *others):
            put(tmp_path / name, {"plan.json": name})
        with lock.held(tmp_path / "r"):
            pass
        assert {path.name for path in tmp_path.iterdir()} == {"r", *others}
        assert found(tmp_path / "r") == {"plan.json": "r"}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """tiny(out, …): a report on a small study to be made at `out`, without a kernel."""
    monkeypatch.setenv("CX_KERNELS", "cold")
    monkeypatch.setattr(plans, "code_hash", lambda: "the same, whoever edits a module while this runs")
    where = study(tmp_path / "study")

    def report(out: Path, *chapters: str, **given) -> Report:
        return Report(*make_plan(str(where), only=chapters or ("data_quality",), **given), out, ("xlsx",))

    return report


def made(report: Report, cache: Cache | None = None) -> str:
    """Make the report; what it failed with."""
    run_all([report], cache=cache, execute=committed)
    return str(report.error or "")


class TestRuns:
    def test_chapters_that_a_killed_run_has_finished_are_reused(self, tmp_path, tiny):
        chapters = ("data_quality", "survey_analysis")
        cache = Cache(tmp_path / "cache")

        def half(planned, out):
            if planned.chapter == "data_quality":
                os.kill(os.getpid(), signal.SIGKILL)
            committed(planned, out)

        def work():
            run_all([tiny(tmp_path / "r", *chapters)], workers=1, cache=cache, execute=half)

        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / f".part-{os.getpid()}-living").touch()
        assert killed(work, 10**9)
        (tmp_path / "cache" / ".part-999999999-killed").touch()
        assert any(path.name.startswith(".r.new-") for path in tmp_path.iterdir())
        again = tiny(tmp_path / "r", *chapters)
        assert made(again, cache) == ""
        assert again.told() == f"{tmp_path / 'r'}: 2 chapters in tables.xlsx; reused: survey_analysis"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "r", "study"]
        parts = [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")]
        assert parts == [f".part-{os.getpid()}-living"]

    def test_an_entry_of_the_cache_is_whole_or_not_there(self, tmp_path):
        cache, step = Cache(tmp_path), 0
        while killed(lambda: cache.put("key", b"content" * 1000), step := step + 1):
            assert cache.get("key") in (None, b"content" * 1000)
        assert cache.get("key") == b"content" * 1000

    def test_an_entry_that_cannot_be_touched_can_be_read(self, tmp_path, monkeypatch):
        Cache(tmp_path).put("key", b"content")
        monkeypatch.setattr(os, "utime", refuse)
        assert Cache(tmp_path).get("key") == b"content"

    def test_leftovers_of_a_run_that_was_killed_when_its_report_stood_go_too(self, tmp_path, tiny, monkeypatch):
        cache = Cache(tmp_path / "cache")
        assert made(tiny(tmp_path / "r"), cache) == ""
        put(tmp_path / ".r.new-abcd1234", OLD)
        (tmp_path / ".r.lock").touch()
        (tmp_path / "cx-run-999999999-1-x").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        again = tiny(tmp_path / "r")
        assert made(again, cache) == ""
        assert again.unchanged
        assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "r", "study"]

    def test_a_second_run_stops_before_its_work_and_another_target_is_free(self, tmp_path, tiny):
        executed = []
        with lock.held(tmp_path / "r"):
            second, other = tiny(tmp_path / "r"), tiny(tmp_path / "other")
            run_all([second], execute=lambda *given: executed.append(given))
            assert made(other) == ""
        assert f"{tmp_path / 'r'} is being made by another run (process {os.getpid()}, since " in str(second.error)
        assert executed == []
        assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "study"]

    def test_a_second_run_of_each_stops_before_its_work(self, tmp_path, cx):
        where, out = study(tmp_path / "study"), tmp_path / "out"
        with lock.held(out):
            status, _, told = cx("report", where, "--each", "branch", "--only", "data_quality", "--out", out)
        assert status == 1
        assert told.startswith(f"cx: {out} is being made by another run (process {os.getpid()}, since ")
        assert not out.exists()

    @pytest.mark.parametrize(
        ("target", "told"),
        [
            ("file/r", "file is a file, so that no report can be put into it; choose another --out"),
            ("file/deep/r", "DIR/file/deep: Not a directory; DIR/file/deep/r is as it was"),
            ("file", "DIR/file is not a report (it holds no plan.json), so it is not replaced; choose another --out"),
            ("x" * 300, f"DIR/{'x' * 300}: File name too long; DIR/{'x' * 300} is as it was"),
            ("x" * 250, f"DIR: File name too long; DIR/{'x' * 250} is as it was"),
            ("study", "DIR/study is or holds the study, so no report is put in its place; choose another --out"),
            ("above", "DIR/above is or holds the current folder, so no report is put in its place; choose"),
            (ROOT, f"{ROOT} is not a report (it holds no plan.json), so it is not replaced; choose another --out"),
            ("/", "/ is not a report (it holds no plan.json), so it is not replaced; choose another --out"),
        ],
    )
    def test_targets_that_are_none(self, tmp_path, tiny, monkeypatch, target, told):
        (tmp_path / "file").write_text("mine")
        (tmp_path / "above" / "here").mkdir(parents=True)
        (tmp_path / "study" / "plan.json").write_text("{}")  # of somebody's own
        (tmp_path / "above" / "plan.json").write_text("{}")
        report = tiny(tmp_path / target)
        before = spread(tmp_path)
        monkeypatch.chdir(tmp_path / "above" / "here")
        assert told in made(report).replace(str(tmp_path), "DIR")
        assert spread(tmp_path) == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["above", "file", "study"]

    def test_a_current_folder_is_named_by_a_dot(self, tmp_path, tiny, monkeypatch):
        (tmp_path / "empty").mkdir()
        report = tiny(Path("."))
        monkeypatch.chdir(tmp_path / "empty")
        assert "is or holds the current folder" in made(report)

    def test_temporary_files_of_a_chapter_go_with_the_run(self, tmp_path, tiny):
        """Kernels are killed, and clean nothing up themselves."""
        places = []
        before = os.environ.get("TMPDIR")

        def execute(planned, out):
            places.append(Path(os.environ["TMPDIR"]))
            (places[0] / "left").write_text("personal")
            committed(planned, out)

        run_all([tiny(tmp_path / "r")], execute=execute)
        assert places[0].name.startswith(f"cx-run-{os.getpid()}-")
        assert not places[0].exists()
        assert os.environ.get("TMPDIR") == before

    def test_a_table_for_which_there_is_no_room_is_made_again(self, tmp_path, monkeypatch):
        monkeypatch.setenv(kept.FOLDER, str(tmp_path))
        monkeypatch.setattr(kept.pickle, "dump", refuse)
        assert [kept.kept("table", lambda: 7), kept.kept("table", lambda: 8)] == [7, 8]
        assert list(tmp_path.iterdir()) == []


def full(_):
    raise OSError(28, "No space left on device")


class TestForks:
    def test_an_answer_for_which_there_is_no_room_is_told_as_such(self, tmp_path, monkeypatch):
        number = os.fork()
        if number == 0:
            monkeypatch.setattr(Path, "write_bytes", lambda *_: full(_))
            fork._answer(tmp_path / "answer", divmod, (7, 2))
            os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 28


@pytest.fixture(scope="module")
def mounted():
    if why := mounts():
        pytest.skip(f"no file system can be mounted for the test: {why}")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A study with a report, made without a kernel: folder, target and environment."""
    folder = tmp_path_factory.mktemp("faults")
    study(folder / "study")
    env = environment(folder, CX_TEST_QUICK="1")
    done = ran(*arguments(folder / "study", folder / "r" / "tiny", 0.9), env=env)
    assert done.returncode == 0, done.stderr
    return folder, folder / "r" / "tiny", env


class TestCommand:
    def test_killed_at_random_moments(self, tmp_path):
        kills = Kills(tmp_path, 7, CX_TEST_QUICK="1")
        left = [kills.kill().left for _ in range(3)]
        assert set(left) <= {"the old", "the new"}

    @pytest.mark.usefixtures("mounted")
    @pytest.mark.parametrize("kind", ["target", "temporary"])
    def test_a_full_disk(self, tmp_path, kind):
        rooms = ["65536"] if kind == "target" else ["4096"]
        command = [*APART, sys.executable, str(ROOT / "tests" / "full_disk.py"), str(tmp_path), kind, *rooms]
        done = subprocess.run(command, env=os.environ | {"CX_TEST_QUICK": "1"}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        if kind == "target":
            out = tmp_path / "r"
            assert told[0]["told"] == f"cx: {out}: No space left on device; {out / 'tiny'} is as it was\n"
            assert (told[0]["code"], told[0]["new"]) == (1, False)
        else:
            assert all("Traceback" not in one["told"] and one["code"] in (0, 1) for one in told)

    @pytest.mark.usefixtures("mounted")
    def test_a_read_only_target(self, base):
        folder, out, env = base
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        done = ran(
            *arguments(folder / "study", out, 0.8), env=env, before=(*APART, "sh", "-c", script, str(out.parent))
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"cx: {out.parent}: Read-only file system; {out} is as it was\n"
        assert confidence(out) == 0.9

    def test_a_target_that_is_forbidden(self, base):
        folder, out, env = base
        drop = "-dac_override,-dac_read_search"
        as_others = ("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}") if os.getuid() == 0 else ()
        out.parent.chmod(0o555)
        try:
            done = ran(*arguments(folder / "study", out, 0.8), env=env, before=as_others)
        finally:
            out.parent.chmod(0o755)
        assert done.stderr == f"cx: {out.parent}: Permission denied; {out} is as it was\n"
        assert (done.returncode, confidence(out)) == (1, 0.9)

    def test_odd_clock_zone_locale_and_names_change_nothing(self, base, tmp_path):
        """Byte by byte the same report as in a plain place; clock times stand in the crate alone."""
        _, out, _ = base
        odd = tmp_path / "Khảo sát 'của' \"tôi\" 2026"
        where = study(odd / "study")  # whose name alone stands in the report
        (tmp_path / "sitecustomize.py").write_text(CLOCK)
        for path in (*where.iterdir(), where):
            os.utime(path, (time.time() + 10**8,) * 2)
        given = environment(odd, CX_TEST_QUICK="1", LC_ALL="C", TZ="Pacific/Apia", PYTHONHASHSEED="7")  # fmt: skip
        given["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
        done = ran(*arguments(where, odd / "báo cáo" / "tiny", 0.9), env=given, cwd=odd)
        assert (done.returncode, done.stderr) == (0, "")
        same = {name: digest for name, digest in spread(out).items() if name != "ro-crate-metadata.json"}
        found = spread(odd / "báo cáo" / "tiny")
        assert {name: found.get(name) for name in same} == same

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_leaves_the_old_report(self, base, number):
        folder, out, env = base
        if signal.getsignal(number) is signal.SIG_IGN:
            pytest.skip("this signal is ignored here, as under nohup, and so it is by what is started")
        process = subprocess.Popen([sys.executable, str(ROOT / "tests" / "faults.py"),
                                    *arguments(folder / "study", out, 0.7)], env=env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)  # fmt: skip
        while not list(out.parent.glob(".tiny.new-*")):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(number)
        told, _ = process.communicate()
        assert process.returncode == {signal.SIGINT: 1}.get(number, 128 + number), told
        assert "Traceback" not in told
        assert confidence(out) == 0.9
        assert [path.name for path in out.parent.iterdir()] == ["tiny"]
        assert list((folder / "tmp").iterdir()) == []
