"""cx report from its front door: what it writes, that it repeats to the byte, and what it leaves when it fails."""

import io
import json
import math
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest
from demo_document import demo

from cxlib import CxError, language
from cxlib.errors import CommandError
from cxlib.report import document, execute, pdf, run
from cxlib.report import plan as plans
from cxlib.report.exchange import exchange
from cxlib.report.folder import OURS, check_target

ROOT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CX = Path(sys.executable).with_name("cx")
SFO = ROOT.parent / "shared" / "data" / "sfo"


def cx(*arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    """The cx command as a user types it."""
    return subprocess.run([CX, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=900)


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a folder but for a report's provenance, where the clock times stand."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "ro-crate-metadata.json")
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


CHAPTERS = ["complaint_iceberg", "summary"]  # all seven run in test_report_vi.py


def make_report(out: Path) -> Path:
    """Two chapters of the demo report, made by the command."""
    chapters = (word for name in CHAPTERS for word in ("--only", name))
    done = cx("report", "data/demo", *chapters, "--no-cache", "--out", out)
    assert done.returncode == 0, done.stderr
    made, checked = done.stdout.splitlines()
    assert made == f"{out}: 2 chapters in index.html, report.pdf, report.pptx, tables.xlsx"
    assert re.fullmatch(r"disclosure check: none of [\d,]+ private values stands in the report; .*", checked)
    return out


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return make_report(tmp_path_factory.mktemp("reports") / "demo")


@pytest.fixture(scope="module")
def results(report) -> dict:
    return json.loads((report / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole() -> dict:
    """What results.json holds of all seven chapters, from the committed notebooks."""
    language.speak("en")
    return document.results("demo", "en", demo().chapters)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.ids, self.links, self.text = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [v for k, v in attributes if k == "id"]
        self.links += [v for k, v in attributes if k == "href"]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page(report) -> Page:
    return Page((report / "index.html").read_text(encoding="utf-8"))


def test_the_report_holds_what_it_promises(report):
    names = set(tree(report))
    assert {"index.html", "report.pdf", "report.pptx", "tables.xlsx", "results.json", "plan.json"} <= names
    chapters = ["01_complaint_iceberg", "06_summary"]
    assert {n for n in names if n.startswith("notebooks/")} == {f"notebooks/{name}.ipynb" for name in chapters}
    assert {"figures/complaint_iceberg_iceberg.svg", "figures/summary_loop.svg"} <= names
    assert not [n for n in names if "running" in n or n.endswith(".part")]


def test_results_json_keeps_its_contract(results, whole):
    assert set(results) == {"study", "lang", "chapters"}
    assert (results["study"], results["lang"]) == ("demo", "en")
    assert list(results["chapters"]) == CHAPTERS
    assert results["chapters"]["complaint_iceberg"] == whole["chapters"]["complaint_iceberg"]


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("data_quality", "response_rate"),
        ("complaint_iceberg", "silent"),
        ("survey_analysis", "nps"),
        ("journey_map", "fits"),
        ("persona_profiling", "placed"),
        ("metric_regressions", "r_squared"),
        ("summary", "nps"),
    ],
)
def test_every_chapter_keeps_the_contract(whole, name, headline):
    chapter = whole["chapters"][name]
    assert set(chapter) == {"numbers", "tables", "figures", "findings"}
    number = chapter["numbers"][headline]
    assert set(number) >= {"value", "low", "high", "se", "n", "n_effective", "unit", "confidence", "method"}
    assert number["low"] < number["value"] < number["high"]
    for table in chapter["tables"].values():
        assert set(table) >= {"caption", "columns", "rows"}
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    for figure in chapter["figures"].values():
        assert set(figure) >= {"caption", "alt", "file"}
    assert all(finding["text"].endswith(".") for finding in chapter["findings"])


def test_figures_stand_where_results_say(report, results):
    for figure in (f for chapter in results["chapters"].values() for f in chapter["figures"].values()):
        assert (report / figure["file"]).read_text(encoding="utf-8").startswith("<svg")


def test_every_printed_number_of_the_page_is_the_published_one(results, page):
    """The page prints headline numbers at none, one or two digits of what results.json holds."""
    text = " ".join(page.text)
    for number in (n for chapter in results["chapters"].values() for n in chapter["numbers"].values()):
        digits = {"score": 2, "count": 0}.get(number["unit"], 1)
        shown = f"{number['value']:,.{digits}f}" + ("%" if number["unit"] == "percent" else "")
        assert shown in text
        assert f"{number['low']:,.{digits}f} to {number['high']:,.{digits}f}" in text


def test_the_page_is_self_contained_and_its_links_lead_somewhere(report, page):
    text = (report / "index.html").read_text(encoding="utf-8")
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object")]
    assert [a for tag, a in page.tags if tag == "script" and a] == [{"type": "application/json", "id": "cx-manifest"}]
    assert all(a.get("src", "data:").startswith("data:") for _, a in page.tags)
    assert all(link.startswith("#") for link in page.links)
    assert "default-src 'none'" in text
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    images = [attributes for tag, attributes in page.tags if tag == "img" and attributes.get("class") != "logo"]
    assert len(images) >= 5
    assert all(len(image["alt"]) > 40 for image in images)


def test_the_bottom_line_comes_first(page):
    sections = [a["class"] for tag, a in page.tags if tag == "section"]
    assert sections[0] == "bottom-line"
    assert sections.count("bottom-line") == 2


def test_two_runs_are_the_same_to_the_byte(report, tmp_path):
    first, second = tree(report), tree(make_report(tmp_path / "again"))
    assert set(plans.FORMATS.values()) < first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_every_published_number_stands_in_the_pdf():
    """Read back with pypdf: the printed numbers of every headline and every table of the committed notebooks."""
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(demo())))
    found = set(NUMBER.findall(" ".join(page.extract_text() for page in reader.pages)))
    checked = 0
    for chapter in demo().chapters:
        for block in chapter.blocks("table") + chapter.blocks("number"):
            printed = block.data["printed"]
            shown = [cell for row in printed.get("rows", []) for cell in row] or [printed["value"], printed["interval"]]
            numbers = {number for cell in shown for number in NUMBER.findall(cell)}
            assert numbers <= found, (chapter.name, block.name, sorted(numbers - found)[:5])
            checked += len(numbers)
    assert checked > 5_000


def test_reports_that_run_at_once_do_not_mix(report, study, tmp_path):
    """Two kernels started in one folder must not answer each other's client."""
    command = [CX, "report", study, "--only", "survey_analysis", "--format", "html", "--no-cache", "--out"]
    runs = [subprocess.Popen([*command, tmp_path / f"{i}"], cwd=ROOT, stderr=subprocess.PIPE) for i in range(3)]
    assert [run.communicate(timeout=900)[1] for run in runs] == [b""] * 3
    assert tree(tmp_path / "0") == tree(tmp_path / "1") == tree(tmp_path / "2")


def test_papermill_alone_runs_the_chapter_from_the_root(tmp_path):
    """The scheduler's door: papermill's own command, no cx."""
    out = tmp_path / "out.ipynb"
    papermill = [Path(sys.executable).with_name("papermill"), "notebooks/01_complaint_iceberg.ipynb", out]
    done = subprocess.run(
        [*papermill, "-p", "study", "data/demo"], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    committed = document.read_chapter(ROOT / "notebooks" / "01_complaint_iceberg.ipynb")
    executed = document.read_chapter(out)
    assert [b.data for b in executed.blocks("table")] == [b.data for b in committed.blocks("table")]


# -- what goes wrong -------------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path) -> Path:
    """A small sound study."""
    folder = tmp_path / "acme"
    folder.mkdir()
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"recommend": rng.integers(0, 11, 200), "city": rng.choice(["Hà Nội", "Huế"], 200)})
    frame.to_csv(folder / "survey.csv", index=False)
    (folder / "study.yml").write_text(
        "study: acme\ntitle: Khảo sát & <b>Acme</b>\nsample: panel\ntables:\n  survey:\n    file: survey.csv\n"
        "    questions:\n      recommend: {role: metric, metric: nps}\n      city: {role: segment}\n",
        encoding="utf-8",
    )
    return folder


def test_a_failing_chapter_names_notebook_and_cell_and_leaves_the_old_report(study, tmp_path):
    out = tmp_path / "out"
    chapter = ["--only", "survey_analysis"]
    assert cx("report", study, *chapter, "--format", "html", "--out", out).returncode == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "Khảo sát &amp; &lt;b&gt;Acme&lt;/b&gt;" in page
    assert "model-based interval" in page
    before = tree(out)
    frame = pd.read_csv(study / "survey.csv")
    frame.loc[56, "recommend"] = 11
    frame.to_csv(study / "survey.csv", index=False)
    done = cx("report", study, *chapter, "--format", "html", "--out", out)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for part in ("chapter survey_analysis failed", "02_survey_analysis.ipynb, cell 4", "(Data and bases)",
                 "answers must lie in 0-10", "11 in row 57 of survey.csv"):  # fmt: skip
        assert part in done.stderr
    assert tree(out) == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_template_that_is_none_is_told_before_the_work(study, tmp_path, monkeypatch):
    with (study / "study.yml").open("a", encoding="utf-8") as file:
        file.write("brand: {slides: t.pptx}\n")
    (study / "t.pptx").write_bytes(b"nothing")
    monkeypatch.setattr(execute, "execute", lambda *_: pytest.fail("a chapter ran"))
    plan, book = plans.make_plan(str(study))
    with pytest.raises(CxError, match=r"t\.pptx: not a presentation that can be a template"):
        run.run(plan, book, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no study at nowhere"),
        (["data/demo", "--only", "survey_analisis"], "did you mean survey_analysis?"),
        (["data/demo", "-p", "confidense=0.9"], "there is no parameter confidense; did you mean confidence?"),
        (["data/demo", "-p", "confidence=high"], "parameter confidence takes a number, e.g. 0.95; found 'high'"),
        (["data/demo", "-p", "confidence"], "-p takes NAME=VALUE"),
        (["data/demo", "-p", "study=data/sfo"], "study, data, lang and chapters are named by the command itself"),
        (["data/demo", "-p", "lang=vi"], "study, data, lang and chapters are named by the command itself"),
        (["data/demo", "--data", "nowhere"], "there is no data folder at nowhere"),
        (["data/demo", "--fast"], "No such option"),
    ],
)
def test_commands_that_cannot_be_understood_exit_with_2(arguments, message, tmp_path):
    done = cx("report", *arguments, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_report_is_not_replaced(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.docx").write_text("years of work")
    with pytest.raises(CxError, match="is not a report"):
        check_target(tmp_path / "precious", plans.make_plan("data/demo")[0])
    assert (tmp_path / "precious" / "thesis.docx").read_text() == "years of work"


def test_a_study_without_survey_has_no_chapter_to_run(tmp_path):
    (tmp_path / "staff.csv").write_text("id,team\n1,sales\n")
    (tmp_path / "study.yml").write_text(
        "study: x\ntitle: X\nsample: census\ntables:\n  staff: {file: staff.csv, respondent: id, team: team}\n"
    )
    message = (
        "no chapter can run: data_quality: the study has no table survey; complaint_iceberg: the study has no table "
        "complaints; survey_analysis: the study has no table survey; journey_map: the study has neither events with a "
        "map, nor customers with since and left, nor sales by customer; persona_profiling: the study has no table "
        "survey or customers; metric_regressions: the study has no table survey"
    )
    with pytest.raises(CxError, match=message):
        plans.make_plan(str(tmp_path))


def test_a_chapter_whose_questions_a_study_lacks_is_left_out_with_its_reason(study):
    """`needs` name tables, and roles of a table's questions: the small study asks no driver."""
    plan, _ = plans.make_plan(str(study))
    assert [planned.chapter for planned in plan.chapters] == ["data_quality", "survey_analysis", "summary"]
    assert plan.left_out == {
        "complaint_iceberg": "the study has no table complaints",
        "journey_map": "the study has neither events with a map, nor customers with since and left, nor sales by "
        "customer",
        "persona_profiling": "the table survey has fewer than 2 questions that could form personas",
        "metric_regressions": "the table survey has no question with `role: driver`",
    }
    with pytest.raises(CxError, match=r"metric_regressions: the table survey has no question with `role: driver`$"):
        plans.make_plan(str(study), only=["metric_regressions"])


NEEDS = {
    "a table": (["survey"], ""),
    "a table that is not there": (["survey", "events"], "the study has no table events"),
    "two": (["map", "events", "map.metric"], "the study has no table map, events"),
    "a role": (["survey.metric", "survey.segment"], ""),
    "a role that nobody asks": (
        ["survey.metric", "survey.driver", "survey.number"],
        "the table survey has no question with `role: driver`; the table survey has no question with `role: number`",
    ),
    "a role of a table that is not there": (["staff.driver", "survey.driver"], "the study has no table staff"),
    "nothing": ([], ""),
}


@pytest.mark.parametrize(("needs", "reason"), NEEDS.values(), ids=NEEDS)
def test_what_a_chapter_needs(study, needs, reason):
    assert plans._missing(plans.make_plan(str(study))[1], needs) == reason


# -- the plan --------------------------------------------------------------------------------------------


def test_the_plan_s_hash_changes_with_data_and_parameters_and_with_nothing_else(study):
    def plan_hash(**options):
        return plans.make_plan(str(study), **options)[0].hash

    first = plan_hash()
    assert plan_hash() == first
    assert plan_hash(parameters={"confidence": "0.9"}) != first
    (study / "notes.txt").write_text("not a file of the study")
    assert plan_hash() == first
    with (study / "survey.csv").open("a", encoding="utf-8") as file:
        file.write("9,Huế\n")
    assert plan_hash() != first


def test_storing_outputs_does_not_change_a_notebook_s_fingerprint(tmp_path):
    path = shutil.copy(ROOT / "notebooks" / "02_survey_analysis.ipynb", tmp_path)
    before = plans.source_hash(Path(path))
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    notebook["cells"][1]["outputs"] = []
    Path(path).write_text(json.dumps(notebook), encoding="utf-8")
    assert plans.source_hash(Path(path)) == before
    notebook["cells"][1]["source"] = "confidence = 0.5"
    Path(path).write_text(json.dumps(notebook), encoding="utf-8")
    assert plans.source_hash(Path(path)) != before


def test_a_plan_is_made_without_the_numerical_libraries():
    code = (
        "import sys; from cxlib.report.plan import make_plan; make_plan('data/demo');"
        "print(sorted({'pandas', 'numpy', 'scipy', 'papermill', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_a_parameter_that_is_no_finite_number_is_refused(value):
    with pytest.raises(CommandError, match=r"parameter x takes a number, e\.g\. 0\.95; found"):
        plans._typed("x", value, 0.95)


def test_what_others_put_into_a_report_folder_stays(tmp_path):
    for name in ("report", "new"):
        (tmp_path / name / "figures").mkdir(parents=True)
        (tmp_path / name / "plan.json").write_text(name)
    (tmp_path / "report" / "figures" / "old.svg").write_text("old")
    (tmp_path / "report" / "notes.docx").write_text("mine")
    exchange(tmp_path / "new", tmp_path / "report", OURS)
    assert tree(tmp_path) == {"report/plan.json": b"new", "report/notes.docx": b"mine"}


def test_parameters_take_the_type_of_their_default():
    assert plans._typed("x", "true", False) is True
    assert plans._typed("x", "3", 1) == 3
    assert plans._typed("x", "0.5", 0.95) == 0.5
    assert plans._typed("x", "2018", "") == "2018"
    with pytest.raises(CommandError, match="parameter x takes a whole number"):
        plans._typed("x", "1.5", 1)


def test_two_results_under_one_name_are_refused(tmp_path):
    notebook = json.loads((ROOT / "notebooks" / "02_survey_analysis.ipynb").read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["id"] == "bases")
    cell["outputs"] *= 2
    (tmp_path / "twice.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(CxError, match="two results of kind table are published as bases"):
        document.read_chapter(tmp_path / "twice.ipynb")


# -- the real survey -------------------------------------------------------------------------------------


@pytest.mark.skipif(not SFO.is_dir(), reason="the SFO survey's files are not beside the project")
def test_the_airport_survey_says_what_it_is_known_to_say(tmp_path):
    """Oracle: R survey 4.1.1 (svydesign, svymean, svyglm), and counts of the published files."""
    done = cx(
        "report", "data/sfo", "--data", "../shared/data/sfo", "--only", "survey_analysis", "--out", tmp_path / "sfo"
    )
    assert done.returncode == 0, done.stderr
    chapter = json.loads((tmp_path / "sfo" / "results.json").read_text(encoding="utf-8"))["chapters"]["survey_analysis"]

    def rows(name: str) -> list[dict]:
        table = chapter["tables"][name]
        return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]

    waves = {(row["label"], row["wave"]): row for row in rows("by_wave")}
    assert [round(waves["NPS", w]["unweighted"], 1) for w in ("2017", "2018")] == [39.8, 31.0]
    assert [round(waves["NPS", w]["estimate"], 2) for w in ("2017", "2018")] == [40.40, 35.11]
    assert [waves["NPS", w]["n"] for w in ("2017", "2018")] == [2746, 2650]
    years = [str(year) for year in range(2010, 2019)]
    assert [waves["CSAT", w]["n"] for w in years] == [3093, 3694, 3348, 3334, 2677, 2810, 2919, 2688, 2625]
    shares = [75.4, 75.4, 78.8, 79.3, 78.9, 80.0, 81.0, 82.1, 78.4]
    assert [round(waves["CSAT", w]["unweighted"], 1) for w in years] == shares
    assert [round(waves["CSAT", w]["estimate"], 1) for w in years[4:]] == [79.3, 80.5, 81.4, 82.3, 80.5]
    bases = {row["wave"]: row for row in rows("bases")}
    assert bases["2018"]["clusters"] == 217
    assert [round(bases[w]["kish"], 3) for w in years[4:]] == [1.372, 1.411, 1.228, 1.211, 1.241]
    designs = {row["design"]: row for row in rows("designs") if row["label"] == "NPS"}
    expected = {
        "Simple random sample": (None, None, -4.5, None),
        "Weights": (1.446, 1.578, -2.5, None),
        "Weights and clusters": (1.552, 2.244, -1.94, 0.053),
        "Weights, clusters and strata": (1.525, 2.210, -1.97, 0.0497),
    }
    assert list(designs) == list(expected)
    for name, (before, after, t, p) in expected.items():
        row = designs[name]
        assert math.isclose(row["t"], t, abs_tol=0.05 if p is None else 0.005)
        if before:
            assert (round(row["se_before"], 3), round(row["se_after"], 3)) == (before, after)
        if p:
            assert math.isclose(row["p_adjusted"], p, abs_tol=0.0005)  # one change, so there is nothing to correct
    told = {finding["name"]: finding["text"] for finding in chapter["findings"]}
    assert "borderline" in told["nps_change"]
    assert "weights, clusters and strata" in told["nps_change"]
    assert "depends on the design" in told["nps_design"]
