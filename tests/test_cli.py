"""The cx command: what it says, where it finds a study, and the exit code: 0 done, 1 faults found, 2 not understood."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cxlib import Study, cli
from cxlib.errors import CommandError, CxError
from cxlib.report.plan import chapters, make_plan

SCORES = "questions:\n  q: {role: metric, metric: nps}\n"
CSV = "id,q,c\n1,9,1\n2,10,2\n3,3,1\n"
ROOT = Path(__file__).resolve().parent.parent


def installed(*arguments, cwd=None, **environment) -> subprocess.CompletedProcess:
    """The cx command as it is installed."""
    command = [Path(sys.executable).with_name("cx"), *map(str, arguments)]
    environment = os.environ | environment
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
    )


# -- cx check ------------------------------------------------------------------------------------------------------


def test_a_sound_study_is_told_its_tables_and_notes(cx, make):
    folder = make("respondent: id\nduplicates: first\n" + SCORES, CSV + "1,0,2\n")
    assert cx("check", folder) == (
        0,
        "survey: 3 rows, 2 columns\n"
        "note: survey: 1 rows with a respondent that had come before were left out\n"
        f"{folder} is sound.\n",
        "",
    )


def test_every_problem_stands_in_a_table_and_the_exit_code_is_1(cx, make):
    folder = make(
        "respondent: id\nweight: q\nquestions:\n  r: {role: metric, metric: nps, column: q}\n"
        "  c: {role: segment, labels: {1: a}}\n  age: {role: number}\n",
        "id,q,c\na,-1,1\na,11,2\nb,,3\n",
    )
    status, out, err = cx("check", folder)
    assert (status, err) == (1, f"cx: {folder / 'study.yml'}: 6 problems found\n")
    assert [re.split("  +", line) for line in out.splitlines()] == [
        ["table", "column", "rows", "rule", "example"],
        ["survey", "q", "1", "a weight must not be missing", "blank in row 3 of s.csv"],
        ["survey", "q", "1", "a weight must not be negative", "-1 in row 1 of s.csv"],
        ["survey", "q", "2", "answers must lie in 0-10; others must be listed as `missing:`", "-1 in row 1 of s.csv"],
        ["survey", "c", "2", "answers must be among the `labels:`, or listed as `missing:`", "2 in row 2 of s.csv"],
        ["survey", "age", "3", "the column must be in s.csv"],
        [
            "survey",
            "id",
            "1",
            "a respondent stands for one row; `duplicates: first` keeps the first",
            "a in row 2 of s.csv",
        ],
    ]
    assert len({line.index("  ", line.index("survey")) for line in out.splitlines()[1:]}) == 1


def test_one_problem_is_one_problem(cx, make):
    status, _, err = cx("check", make(SCORES, "q,x\n11,1\n"))
    assert (status, err.split(": ")[-1]) == (1, "1 problem found\n")


def test_a_fault_in_study_yml_is_one_line_and_exit_code_1(cx, make):
    folder = make("wieght: w", CSV)
    for command in ("check", "report"):
        assert cx(command, folder) == (
            1,
            "",
            f"cx: {folder / 'study.yml'}: line 7, tables.survey.wieght: unknown key wieght; did you mean weight?\n",
        )


def test_check_lists_every_fault_of_study_yml(cx, make):
    status, out, err = cx("check", make("wieght: w\ncluser: c", CSV))
    assert status == 1
    assert "wieght" in out + err
    assert "cluser" in out + err


def test_check_looks_at_the_other_files_beside_a_missing_one(cx, make):
    folder = make("tables:\n  survey: {file: s.csv, weight: q}\n  events: {file: e.csv}\n", "q,x\n-1,1\n")
    status, out, err = cx("check", folder)
    assert status == 1
    assert "e.csv" in out + err
    assert "a weight must not be negative" in out


def test_the_demo_is_sound_from_any_folder(tmp_path):
    done = installed("check", "data/demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("survey: 8,006 rows, ")
    assert done.stdout.endswith("data/demo is sound.\n")


def test_the_installed_command_exits_with_its_code(make):
    folder = make("respondent: id\n" + SCORES, CSV)
    assert installed("check", folder).returncode == 0
    found = installed("check", make(SCORES, "q,x\n11,1\n"))
    assert (found.returncode, found.stderr.count("\n"), "Traceback" in found.stderr) == (1, 1, False)
    refused = installed("check", "no/such/study")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "cx: there is no study at no/such/study (looked from the current folder and from the project root)\n"
    )
    assert installed("chek").returncode == 2


def test_a_terminal_without_vietnamese_is_no_traceback(make):
    folder = make("questions:\n  c: {role: segment, labels: {1: a}}", "c,x\nHà Nội,1\n")
    done = installed("check", folder, PYTHONIOENCODING="cp1252")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


# -- commands that are not understood --------------------------------------------------------------------------------

NOT_UNDERSTOOD = {
    "no command": ((), "[OPTIONS] COMMAND [ARGS]..."),
    "an unknown command": (("chek",), "No such command 'chek'"),
    "no study": (("check",), "Missing argument 'STUDY'"),
    "an unknown option": (("check", ".", "--bogus"), "No such option"),
    "an unknown study": (("report", "no/such"), "there is no study at no/such"),
    "an unknown data folder": (("check", ".", "--data", "nowhere"), "there is no data folder at nowhere"),
    "a file for the data folder": (("report", ".", "--data", "s.csv"), "s.csv is not a folder"),
    "a table for a study": (
        ("check", "s.csv"),
        "s.csv is no study: a study is a folder with a study.yml, or such a file",
    ),
    "an unknown chapter": (("report", ".", "--only", "survey_analysys"), "did you mean survey_analysis?"),
    "an unknown parameter": (("report", ".", "-p", "confidance=0.9"), "did you mean confidence?"),
    "a word for a number": (
        ("report", ".", "-p", "confidence=high"),
        "parameter confidence takes a number, e.g. 0.95; found 'high'",
    ),
    "a parameter without a value": (
        ("report", ".", "-p", "confidence"),
        "-p takes NAME=VALUE, e.g. -p confidence=0.9; found 'confidence'",
    ),
    "a parameter that is no name": (("report", ".", "-p", "a-b=1"), "-p takes NAME=VALUE"),
    "the study as a parameter": (
        ("report", ".", "-p", "study=x"),
        "study, data, lang and chapters are named by the command itself",
    ),
    "the language as a parameter": (("report", ".", "-p", "lang=vi"), "named by the command itself"),
    "a language without a catalogue": (("report", ".", "--lang", "xx"), "--lang takes en or vi; found 'xx'"),
    "a format that there is not": (("report", ".", "--format", "html,doc"), "--format takes html, pdf, pptx, xlsx"),
    "no format": (("report", ".", "--format", ","), "--format takes html, pdf, pptx, xlsx, separated by commas"),
    "the summary alone": (("report", ".", "--only", "summary"), "the summary reads other chapters: name one beside it"),
}


@pytest.mark.parametrize(("arguments", "expected"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_a_command_that_is_not_understood_is_exit_code_2(cx, make, monkeypatch, arguments, expected):
    monkeypatch.chdir(make(SCORES, CSV))
    status, out, err = cx(*arguments)
    assert (status, out) == (2, "")
    assert expected in err
    assert sorted(p.name for p in Path().iterdir()) == ["s.csv", "study.yml"]


def test_help_and_version_are_no_faults(cx):
    runner = CliRunner().invoke(cli.cli, ["check", "--help"])
    assert (runner.exit_code, "Usage: cli check [OPTIONS] STUDY" in runner.output) == (0, True)
    assert cx("--version")[:2] == (0, "cx, version 0.1.0\n")
    assert cx("-h")[0] == 0


def test_a_plan_converts_parameters_and_knows_what_it_leaves_out(make):
    folder = make(SCORES, CSV)
    plan, book = make_plan(str(folder), parameters={"confidence": "0.9", "wave": "5"})
    planned = next(p for p in plan.chapters if p.chapter == "survey_analysis")
    assert book.study == plan.study == "tiny"
    assert (planned.parameters["study"], planned.places["study"]) == (folder.name, str(folder))
    assert (planned.parameters["confidence"], planned.parameters["wave"]) == (0.9, "5")
    assert set(plan.inputs) == {"s.csv", "study.yml"}
    assert {p.chapter for p in plan.chapters} | set(plan.left_out) == set(chapters())


def test_a_study_that_no_chapter_can_use_is_refused(cx, make):
    folder = make("tables: {map: {file: s.csv}}", CSV)
    status, _, err = cx("report", folder, "--only", "survey_analysis")
    rule = "no chapter can run: survey_analysis: the study has no table survey"
    assert (status, err) == (1, f"cx: {folder / 'study.yml'}: {rule}\n")


def test_an_unknown_metric_is_found_before_any_notebook_runs(make):
    with pytest.raises(CxError, match="unknown metric npss; did you mean nps"):
        make_plan(str(make(SCORES.replace("nps", "npss"), CSV)))


# -- where a study is found ------------------------------------------------------------------------------------------


def test_a_study_is_found_from_the_caller_s_folder_and_from_notebooks(make, monkeypatch):
    folder = make(SCORES, CSV)
    (folder.parent / "notebooks").mkdir(exist_ok=True)
    for cwd, path in [(folder.parent, folder.name), (folder.parent / "notebooks", folder.name), (folder, ".")]:
        monkeypatch.chdir(cwd)
        assert len(Study.load(path).survey) == 3
    assert len(Study.load(folder / "study.yml").survey) == 3


def test_a_study_of_the_project_is_found_from_anywhere_and_the_caller_s_comes_first(make, tmp_path, monkeypatch):
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    assert Study.load("data/demo").name == "demo"
    (away / "data" / "demo").mkdir(parents=True)
    (make(SCORES, CSV) / "study.yml").rename(away / "data" / "demo" / "study.yml")
    (tmp_path / "s.csv").rename(away / "data" / "demo" / "s.csv")
    assert Study.load("data/demo").name == "tiny"


@pytest.mark.parametrize("path", ["no/such", "s.csv", "", "a" * 300])
def test_what_is_no_study_is_a_command_that_is_not_understood(make, monkeypatch, path):
    folder = make(SCORES, CSV)
    (folder / "study.yml").unlink()
    monkeypatch.chdir(folder)
    with pytest.raises(CommandError):
        Study.load(path)


def test_data_names_the_folder_of_the_files(make, tmp_path):
    folder = make("file: [{file: 'part/*.csv'}]\n" + SCORES, {"elsewhere/part/s.csv": CSV})
    assert len(Study.load(folder, data=folder / "elsewhere").survey) == 3
    with pytest.raises(CommandError, match="there is no data folder at nowhere"):
        Study.load(folder, data="nowhere")
    with pytest.raises(CommandError, match="is not a folder"):
        Study.load(folder, data=folder / "study.yml")


@pytest.mark.parametrize("pattern", ["{folder}/w*.csv", "**.csv"])
def test_any_pattern_finds_files_or_is_refused(load, tmp_path, pattern):
    try:
        study = load(f"file: '{pattern.format(folder=tmp_path)}'\n" + SCORES, {"w1.csv": CSV, "w2.csv": CSV})
    except CxError:
        return
    assert study.waves == ["w1", "w2"]


def test_a_file_with_brackets_in_its_name_is_found(survey):
    assert len(survey(SCORES, CSV, name="answers[1].csv")) == 3


def test_the_fingerprints_are_of_study_and_files(load):
    found = load(SCORES, "id,q\n1,9\n2,8\n").files
    assert list(found) == ["s.csv", "study.yml"]
    assert found["s.csv"] == hashlib.sha256(b"id,q\n1,9\n2,8\n").hexdigest()
