"""A seeded sample of the inputs of soak/test_fuzz_soak.py, and what each door refuses by name.

Oracle: the rule itself, in fuzzed_doors.outcome().
"""

import os
import pickle
import warnings

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzed_doors import DOORS, LEAN, PIECE, STUDY, check_literals, hashed_once, outcome, written
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cxlib import Study, cli, kept
from cxlib.errors import INTERNAL, CommandError, CxError
from cxlib.report.execute import ChapterError
from cxlib.report.plan import make_plan
from cxlib.study_yml import read_codebook

TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\n"


@pytest.mark.parametrize("name", DOORS)
def test_every_input_is_taken_or_refused_with_a_reason(tmp_path, name):
    door, found = DOORS[name], []
    (tmp_path / "study").mkdir()

    @settings(
        derandomize=True, max_examples=door.few, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(given=st.tuples(door.inputs, PIECE))
    def enter(given):
        found.append(door.enter(tmp_path / "study", *given))

    with hashed_once(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        enter()
    assert len(found) >= 0.9 * door.few


@pytest.mark.parametrize("book", [LEAN, STUDY], ids=["lean", "whole"])
def test_the_studies_that_are_changed_are_sound(tmp_path, book):
    assert outcome(tmp_path, written(book), which=0) == "done"


class TestFaultsOfOurOwn:
    def test_a_planted_one_is_no_refusal(self, tmp_path, monkeypatch):
        monkeypatch.setattr("cxlib.large.load_table", _planted)
        with pytest.raises(ZeroDivisionError):
            outcome(tmp_path)

    def test_the_command_says_so_by_its_exit_code(self, make, cx, monkeypatch):
        folder = make("questions: {a: {role: number}}", "a\n1\n")
        assert cx("check", folder)[0] == 0
        monkeypatch.setattr("cxlib.large.load_table", _planted)
        status, _, told = cx("check", folder)
        assert (status, INTERNAL) == (70, 70)
        assert "ZeroDivisionError: planted" in told
        assert told.endswith("cx: this is a fault of cx itself, not of your data or your command\n")

    @pytest.mark.parametrize(("error", "code"), [
        ("ZeroDivisionError: planted", 70), ("CxError: there is no wave x", 1), ("CommandError: no", 1),
        ("its kernel died, as it does when the machine has no memory left for it", 1), ("MemoryError: x", 1),
    ])  # fmt: skip
    def test_a_chapter_s_are_told_from_what_a_user_can_mend(self, error, code):
        planned = make_plan("data/demo", only=["survey_analysis"])[0].chapters[0]
        assert ChapterError(planned, "cell 3", error).exit_code == code


def _planted(*args, **options):
    raise ZeroDivisionError("planted")


class TestStudyYml:
    @pytest.mark.parametrize(("line", "told"), [
        ("x: !!python/object/apply:os.system ['touch PLANTED']", "not YAML: could not determine a constructor"),
        ("!!python/name:os.system x: 1", "not YAML: could not determine a constructor"),
        ("client: !!set {a, b}", "the tag !!set means nothing in a study"),
        ("client: !!binary aGk=", "the tag !!binary means nothing in a study"),
        ('client: "\\ud83d"', r"\ud83d is half a letter"),
        ("client: \x01", "not YAML: holds the character U+0001"),
        ("study: twice", "the key study stands twice in the same block"),
        ("x: " + "[" * 60 + "]" * 60, "more than 40 levels"),
        ("client: !!timestamp soon", "'soon' is no timestamp; leave !!timestamp out"),
        ("!!timestamp soon: x", "'soon' is no timestamp; leave !!timestamp out"),
        ("client: !!bool soon", "'soon' is no bool; leave !!bool out"),
        ("client: !!int ''", "'' is no int; leave !!int out"),
        ("population: 1e999", "population"),
        ("[a]: b", "a key must be a word or a number"),
    ])  # fmt: skip
    def test_what_is_no_plain_entry_is_refused_on_its_line(self, make, tmp_path, line, told):
        folder = make("questions: {a: {role: number}}", "a\n1\n", top=TOP + line.replace("PLANTED", "planted") + "\n")
        with pytest.raises(CxError) as caught:
            read_codebook(folder / "study.yml")
        assert f"{folder / 'study.yml'}: line " in str(caught.value)
        assert told in str(caught.value)
        assert not (tmp_path / "planted").exists()

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp1258"])
    def test_another_encoding_is_told(self, make, encoding):
        folder = make("questions: {a: {role: number}}", "a\n1\n")
        text = (folder / "study.yml").read_text(encoding="utf-8").replace("Tiny", "Nhỏ")
        (folder / "study.yml").write_bytes(text.encode(encoding, "replace" if encoding == "cp1258" else "strict"))
        if encoding == "cp1258":
            (folder / "study.yml").write_bytes(text.replace("Nhỏ", "Đà").encode("cp1258"))
        with pytest.raises(CxError, match=r"study\.yml: not UTF-8 at byte \d+; save study\.yml as UTF-8"):
            read_codebook(folder / "study.yml")


class TestFilesOfAStudy:
    @pytest.mark.parametrize(("named", "told"), [
        ("/dev/zero", "the data file /dev/zero is no file but a device, a pipe or a socket"),
        ("pipe", "the data file pipe is no file but a device, a pipe or a socket"),
        ("p*", "the data file p* is no file but a device, a pipe or a socket"),
        ("http://127.0.0.1:9/s.csv", "is an address; nothing is fetched: save the file in"),
        ("../*", "is no pattern of files in"), ("/etc/*", "is no pattern of files in"),
        ("**/**/*.csv", "is no pattern of files in"), ("sub*", "is a folder; name the files in it"),
        ("sub", "is a folder; name the files in it"),
        ("broken", "the data file broken is not in"), ("bro*", "the data file bro* is not in"),
        ('"s.csv\\0"', "is not in"),
    ])  # fmt: skip
    def test_what_is_no_file_is_refused_before_it_is_opened(self, make, named, told):
        folder = make(
            f"file: {named if named.startswith(chr(34)) else repr(named)}\nquestions: {{a: {{role: number}}}}"
        )
        os.mkfifo(folder / "pipe")
        (folder / "sub").mkdir()
        (folder / "broken").symlink_to(folder / "nothing")
        for attempt in (Study.load, lambda study: make_plan(str(study))):
            with pytest.raises(CxError) as caught:
                attempt(folder)
            assert told in str(caught.value)

    def test_a_view_reads_no_other_file_and_fetches_nothing(self, tmp_path):
        (tmp_path / "secret.csv").write_text("a\n7\n")
        pd.DataFrame({"a": [7]}).to_parquet(tmp_path / "other.parquet")
        with duckdb.connect(str(tmp_path / "d.duckdb")) as base:
            base.execute("CREATE TABLE sound AS SELECT 1 AS a")
            for name, source in {"csv": "read_csv('secret.csv')", "text": "read_text('secret.csv')",
                                 "parquet": "read_parquet('other.parquet')"}.items():  # fmt: skip
                source = source.replace("('", f"('{tmp_path}/")
                base.execute(f'CREATE VIEW "{name}" AS SELECT 7 AS a FROM {source}')
        for name in ("sound", "csv", "text", "parquet"):
            spec = f"{{file: {{file: d.duckdb, table: {name}}}, questions: {{a: {{role: number}}}}}}"
            (tmp_path / "study.yml").write_text(f"{TOP}tables:\n  survey: {spec}\n")
            study = Study.load(tmp_path)
            if name == "sound":
                assert study.survey["a"].tolist() == [1]
                with pytest.raises(duckdb.Error, match="locked"):
                    study.engines["duckdb"].connection.execute("SET enable_external_access = true")
                with pytest.raises(duckdb.PermissionException):
                    study.engines["duckdb"].connection.execute("INSTALL httpfs")
            else:
                with pytest.raises(CxError, match=r"reads what is no file of the study|cannot read the table"):
                    _ = study.survey

    def test_a_parquet_file_unpickles_nothing(self, make, tmp_path):
        field = pa.field("a", pa.int64(), metadata={
            "ARROW:extension:name": "arrow.py_extension_type",
            "ARROW:extension:metadata": pickle.dumps(_Trap(tmp_path)),
        })  # fmt: skip
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table([pa.array([1, 2])], schema=pa.schema([field])), sink)
        folder = make("questions: {a: {role: number}}", sink.getvalue().to_pybytes(), name="s.parquet")
        assert Study.load(folder).survey["a"].tolist() == [1, 2]
        assert not (tmp_path / "sprung").exists()


class _Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, folder):
        self.path = str(folder / "sprung")

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system knows no owners of files")
class TestKept:
    @pytest.mark.parametrize("mode", [0o700, 0o750, 0o701, 0o777])
    def test_what_a_folder_open_to_others_holds_is_not_read(self, tmp_path, monkeypatch, mode):
        folder = tmp_path / "kept"
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(kept.FOLDER, str(folder))
        assert kept.kept("x", lambda: 1) == 1
        folder.chmod(mode)
        assert kept.kept("x", lambda: 2) == (1 if mode == 0o700 else 2)

    def test_a_link_to_a_folder_is_none(self, tmp_path):
        (tmp_path / "there").mkdir(mode=0o700)
        (tmp_path / "link").symlink_to(tmp_path / "there")
        assert kept.ours(tmp_path / "there")
        assert not kept.ours(tmp_path / "link")
        assert not kept.ours(tmp_path / "nothing")

    @pytest.mark.skipif(getattr(os, "getuid", int)() != 0, reason="only root can give a folder away")
    def test_a_folder_of_another_user_is_none(self, tmp_path):
        (tmp_path / "there").mkdir(mode=0o700)
        os.chown(tmp_path / "there", 65534, 65534)
        assert not kept.ours(tmp_path / "there")


class TestParameters:
    @pytest.mark.parametrize("value", [
        '"', "'", '"""', "'''", "\\", "\\'", '\\"', "a\nb", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029",
        "\0",
        '"; import os #', "%magic", "!ls", "x?", "{x}", "{{x}}", "\\N{DIGIT ONE}", "\\u0041", "é🎉", "\ud800",
        '"\n%run x\n"', "#", "\t", "=\n", "a" * 5000, '\\" + __import__("os") + "',
    ])  # fmt: skip
    def test_a_text_stays_the_literal_that_was_given(self, value):
        check_literals({"study": "data/demo", "part": value, "confidence": 0.95, "weighted": True, "customers": -1})

    def test_what_is_no_text_is_refused(self):
        for name in ("wave", "part"):
            with pytest.raises(CommandError, match=rf"parameter {name} takes text in UTF-8; found '\\udcff'"):
                make_plan("data/demo", parameters={name: "\udcff"})

    def test_what_commands_a_terminal_is_shown_and_not_done(self, cx):
        status, _, told = cx("report", "data/demo", "-p", "n\x1b[2Jope=1")
        assert (status, told) == (2, "cx: -p takes NAME=VALUE, e.g. -p confidence=0.9; found 'n\\x1b[2Jope=1'\n")
        with pytest.raises(CxError, match=r"^a\\x1b\[31m b\\nc\\u202e$"):
            raise CxError("a\x1b[31m b\nc\u202e")

    def test_an_error_keeps_its_lines_on_its_way_through_a_fork(self):
        error = pickle.loads(pickle.dumps(CxError("two failed:", lines=["a", "b"])))
        assert str(error) == "two failed:\na\nb"


def test_the_command_line_is_taken_apart_at_the_first_sign():
    assert cli._given(("part=a=b",)) == {"part": "a=b"}
