"""cx verify: a report that is as it was made passes anywhere; one altered by a digit anywhere is found and named."""

import json
import re
import shutil
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_page import BROWSER, RULES, browser, violations  # noqa: F401  browser is a fixture

from cxlib import CxError, language
from cxlib.report import certificate, manifest, run, verify
from cxlib.report import plan as plans
from cxlib.report.cache import Cache
from cxlib.report.cell_verdicts import CHANGED, IDENTICAL, WITHIN, data, drawing, judged, words
from cxlib.report.plan import make_plan

NOTEBOOK = "notebooks/00_data_quality.ipynb"
STUDY = """study: acme
title: Survey & <b>Acme</b></script><script>alert(1)</script>
sample: panel
language: {language}
tables:
  survey:
    file: survey.csv
    questions:
      recommend: {{role: metric, metric: nps}}
      city: {{role: segment}}
"""


def a_study(folder: Path, language: str = "en") -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"recommend": rng.integers(0, 11, 200), "city": rng.choice(["Hà Nội", "Huế"], 200)})
    frame.to_csv(folder / "survey.csv", index=False)
    (folder / "study.yml").write_text(STUDY.format(language=language), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a study, acme, a page on it, and a report in all formats, whose chapter came from the cache."""
    folder, cache = tmp_path_factory.mktemp("made"), Cache(tmp_path_factory.mktemp("cache"))
    plan, book = make_plan(str(a_study(folder / "acme")), only=["data_quality"])
    run.run(plan, book, folder / "page", formats=("html",), cache=cache)
    run.run(plan, book, folder / "report", cache=cache)
    return folder


@pytest.fixture
def there(made, tmp_path) -> Path:
    """The study and its report, in another folder, to be tampered with."""
    shutil.copytree(made, tmp_path / "there")
    return tmp_path / "there"


@pytest.fixture
def quick(made, monkeypatch):
    """What is made from the same data and parameters comes out as it did; all else is executed."""
    known, really = json.loads((made / "report" / "plan.json").read_text()), run.run_all

    def made_again(reports, **how):
        for report in reports:
            planned = [one.to_dict()["parameters"] for one in report.plan.chapters]
            if report.plan.inputs == known["inputs"] and planned == [one["parameters"] for one in known["chapters"]]:
                shutil.copytree(made / "report", report.out)
            else:
                really([report], **how)

    monkeypatch.setattr(run, "run_all", made_again)


@pytest.fixture
def checked(there, cx):
    """checked(place in the folder): exit code and what was said, in one text."""

    def call(place: str = "report", *arguments) -> tuple[int, str]:
        status, out, err = cx("verify", there / place, "--study", there / "acme", *arguments)
        return status, out + err

    return call


@pytest.fixture
def light(there):
    """What is executed anew in a test is rendered in one format alone."""
    shutil.rmtree(there / "report")
    (there / "page").rename(there / "report")


def found(there: Path, name: str = "report/certificate.json") -> dict:
    return json.loads((there / name).read_text(encoding="utf-8"))


# -- what passes -----------------------------------------------------------------------------------------


def test_a_report_passes_in_another_folder(there, checked):
    status, told = checked("report", "--workers", "2")
    assert (status, "verified; " in told) == (0, True), told
    record = found(there)
    assert (record["verdict"], record["inputs"], record["files"]["differing"]) == ("verified", [], {})
    counts = record["chapters"]["data_quality"]
    notebook = json.loads((there / "report" / NOTEBOOK).read_text(encoding="utf-8"))
    assert counts == {"identical": len(notebook["cells"]), "within tolerance": 0, "changed": 0}
    assert {name for name in record["deliverables"] if "/" not in name} == {
        "index.html", "report.pdf", "report.pptx", "tables.xlsx", "results.json"}  # fmt: skip


def test_what_others_put_beside_it_is_no_fault_and_what_poses_as_a_part_of_it_is(there, checked, quick):
    (there / "report" / "notes.txt").write_text("ours")
    assert checked()[0] == 0
    assert found(there)["beside"] == ["notes.txt"]
    (there / "report" / "figures" / "more.svg").write_text("<svg/>")
    status, told = checked()
    assert status == 1
    assert "figures/more.svg: added" in told


def test_a_page_alone_passes_and_its_certificate_stands_beside_it(there, checked, quick):
    (there / "mail").mkdir()
    shutil.copy(there / "report" / "index.html", there / "mail" / "acme.html")
    status, told = checked("mail/acme.html")
    assert (status, "verified; " in told) == (0, True), told
    assert found(there, "mail/acme.certificate.json")["page_alone"] is True
    assert checked("mail")[0] == 2  # no index.html, no plan.json
    (there / "mail" / "acme.html").rename(there / "mail" / "index.html")
    assert checked("mail")[0] == 0
    assert (there / "mail" / "certificate.html").is_file()


# -- what was altered ------------------------------------------------------------------------------------


def altered(path: Path, pattern: str, replacement) -> None:
    """The first match of a pattern in a file, replaced."""
    text = path.read_text(encoding="utf-8")
    new = re.sub(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert new != text
    path.write_text(new, encoding="utf-8")


def other_digit(match: re.Match) -> str:
    return f"{match[1]}{(int(match[2]) + 1) % 10}"


def in_archive(path: Path, member: str, pattern: bytes, replacement) -> None:
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    new = re.sub(pattern, replacement, held[member], count=1)
    assert new != held[member]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (held | {member: new}).items():
            archive.writestr(name, content)


def in_notebook(there: Path) -> None:
    path = there / "report" / NOTEBOOK
    notebook = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", [])]
    tables = [held for data in outputs for held in data.values() if isinstance(held, dict) and "rows" in held]
    row = next(row for table in tables for row in table["rows"] if any(isinstance(value, float) for value in row))
    place = next(number for number, value in enumerate(row) if isinstance(value, float))
    row[place] += 1.0
    path.write_text(json.dumps(notebook), encoding="utf-8")


def in_plan(there: Path, change, *, again: bool = True) -> None:
    """Change plan.json; `again`: with its hash made anew, as whoever covers their tracks would."""
    path = there / "report" / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    change(plan)
    path.write_text(json.dumps(plan), encoding="utf-8")
    if again:
        plan["hash"] = manifest.read(path.parent).plan.hash
        path.write_text(json.dumps(plan), encoding="utf-8")


def rehashed(there: Path, name: str) -> None:
    in_plan(there, lambda plan: plan["files"].update({name: plans.sha256(there / "report" / name)}))


def in_results(there: Path) -> None:
    altered(there / "report" / "results.json", r'("rows": \[.*?\d\.\d*)(\d)', other_digit)


IN_TEXT = r'(<li id="data_quality-finding-[^>]*>[^<]*?)(\d)'
IN_TABLE = r'(<td class="num">)(\d)'
TAMPERINGS = {
    "a digit in results.json": (in_results, r"results\.json: changed: chapters\.data_quality\.tables\..*: recorded"),
    "a digit in the page's text": (
        lambda there: altered(there / "report" / "index.html", IN_TEXT, other_digit),
        r"index\.html: changed: data_quality-finding-\w+: recorded .*, now .* \(it was changed after",
    ),
    "a number in a notebook": (in_notebook, rf"{NOTEBOOK}: changed: cell [\w-]+: table \w+\.rows.*: recorded"),
    "a figure": (
        lambda there: altered(there / "report" / "figures" / "data_quality_who.svg", r"L 374\.4", "L 300.4"),
        r"figures/data_quality_who\.svg: changed: recorded 300\.4, now 374\.4",
    ),
    "a cell of the workbook": (
        lambda there: in_archive(there / "report" / "tables.xlsx", "xl/worksheets/sheet4.xml", rb"<v>200</v>",
                                 b"<v>201</v>"),
        r"tables\.xlsx: changed: .*![A-Z]+\d+: recorded 201\.0, now 200\.0",
    ),
    "a word of a slide": (
        lambda there: in_archive(there / "report" / "report.pptx", "ppt/slides/slide1.xml", rb"<a:t>Survey",
                                 b"<a:t>Surmise"),
        r"report\.pptx: changed: slides/slide1\[\d+\]: recorded Surmise & .*, now Survey &",
    ),
    "another PDF": (
        lambda there: (there / "report" / "report.pdf").write_bytes(b"%PDF-1.7 another"),
        r"report\.pdf: changed",
    ),
    "a data cell": (
        lambda there: altered(there / "acme" / "survey.csv", r"\n0,", "\n10,"),
        r"not the same: data: survey\.csv: recorded \w+, here \w+ \(so that chapter data_quality, cell ",
    ),
    "a key of study.yml": (
        lambda there: altered(there / "acme" / "study.yml", "sample: panel", "sample: quota"),
        r"not the same: data: study\.yml: recorded \w+, here \w+",
    ),
    "a parameter in plan.json": (
        lambda there: in_plan(there, lambda plan: plan["chapters"][0]["parameters"].update(confidence=0.9),
                              again=False),
        r"plan\.json: changed: parameters: confidence \(data_quality\): recorded 0\.95, here 0\.9 \(plan\.json\)",
    ),
    "a recorded version": (
        lambda there: in_plan(there, lambda plan: plan["environment"].update(numpy="1.0")),
        r"not the same: environment: numpy: recorded 1\.0, here 2\.",
    ),
    "the recorded code": (
        lambda there: in_plan(there, lambda plan: plan.update(code="0a" * 32)),
        r"not the same: code: cxlib: recorded 0a0a0a0a0a0a, here \w{12} \(what its chapters say comes out the same\)",
    ),
    "a notebook's source": (
        lambda there: in_plan(there, lambda plan: plan["chapters"][0].update(sha256="0a" * 32)),
        rf"not the same: code: {NOTEBOOK}: recorded 0a0a0a0a0a0a, here \w{{12}}",
    ),
    "a file removed": (
        lambda there: (there / "report" / "results.json").unlink(),
        r"not the same: results\.json: missing",
    ),
    "the plan removed": (lambda there: (there / "report" / "plan.json").unlink(), r"not the same: plan\.json: missing"),
    "a digit and its hash": (
        lambda there: (in_results(there), rehashed(there, "results.json")),
        r"not the same: results\.json: chapters\..* \(with the same data, .*: it was changed, and its record with it\)",
    ),
    "a notebook and its hash": (
        lambda there: (in_notebook(there), rehashed(there, NOTEBOOK)),
        r"not the same: chapter data_quality, cell [\w-]+: table \w+\.rows.* its record with it\)",
    ),
}  # fmt: skip


EXECUTED = ("a data cell", "a key of study.yml", "a parameter in plan.json")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_altered_is_found_and_named(there, checked, quick, name, request):
    if name in EXECUTED:
        request.getfixturevalue("light")
    tamper, message = TAMPERINGS[name]
    tamper(there)
    status, told = checked()
    assert status == 1
    assert re.search(message, told), told
    assert found(there)["verdict"] == "not the same"
    assert told.count("\n") == 1


def test_another_version_than_recorded_is_found_and_named(there, checked, quick, monkeypatch):
    here = plans.environment()
    monkeypatch.setattr(plans, "environment", lambda: here | {"scipy": "0.1"})
    status, told = checked()
    assert status == 1
    assert re.search(
        r"environment: scipy: recorded [\d.]+, here 0\.1 \(what its chapters say comes out the same\)", told
    )
    page = (there / "report" / "certificate.html").read_text(encoding="utf-8")
    assert "Libraries have other versions than when the report was made." in page


@pytest.mark.parametrize(("pattern", "piece"), [(IN_TEXT, "finding"), (IN_TABLE, "table")], ids=["text", "table"])
@pytest.mark.parametrize("covered", [False, True], ids=["", "its record made anew"])
def test_a_digit_of_a_page_alone_is_found(there, checked, quick, pattern, piece, covered):
    (there / "alone").mkdir()
    page = shutil.copy(there / "report" / "index.html", there / "alone" / "index.html")
    altered(page, pattern, other_digit)
    if covered:
        told = page.read_text(encoding="utf-8")
        plan = json.loads(manifest.WITHIN.findall(told)[0])["plan"]
        page.write_text(manifest.carrying(manifest.WITHIN.sub("", told), plan), encoding="utf-8")
    status, told = checked("alone")
    assert status == 1
    assert re.search(rf"data_quality-{piece}-\w+.*: recorded .*\d.*, now .*\d", told), told
    assert ("it was changed, and its record with it" if covered else "changed after the report was made") in told


# -- what cannot be understood ---------------------------------------------------------------------------


def broken(**changes):
    return lambda text: json.dumps(json.loads(text) | changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-9], "is not JSON that can be read"),
        (lambda text: "[" * 100_000, "is not JSON that can be read"),
        (lambda text: text.replace("0.95", "NaN"), "is not JSON that can be read"),
        (lambda text: "[]", "broken in 1 places, the first is the whole"),
        (broken(code=5), "broken in 1 places, the first is code"),
        (broken(hash="x"), "the first is hash"),
        (broken(chapters=[]), "the first is chapters"),
        (broken(formats=["html", "exe"]), "formats are html, pdf, pptx, xlsx; found 'exe'"),
        (broken(files={"../../etc/passwd": "0" * 64}), r"names of files lie within the report; found '\.\./\.\./etc"),
        (broken(files={"/etc/passwd": "0" * 64}), "names of files lie within the report"),
        (lambda text: text.replace('"study": "acme",\n    ', '"study": "/etc",\n    '), "the recorded study is a name"),
        (lambda text: text.replace('"data": ""', '"data": "../.."'), "the recorded data is a name"),
    ],
)  # fmt: skip
def test_a_hostile_record_is_one_clear_error(there, checked, change, message):
    path = there / "report" / "plan.json"
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    status, told = checked()
    assert status == 1
    assert re.search(message, told), told
    assert told.count("\n") == 1
    assert not (there / "report" / "certificate.html").exists()


def test_a_page_without_a_record_or_with_two_is_one_clear_error(there, checked):
    path = there / "report" / "index.html"
    (there / "report" / "plan.json").unlink()
    whole = path.read_text(encoding="utf-8")
    carried = manifest.WITHIN.search(whole)[0]
    for text, number in ((whole.replace(carried, ""), 0), (whole.replace(carried, carried * 2), 2)):
        path.write_text(text, encoding="utf-8")
        status, told = checked()
        assert (status, f"found {number}" in told) == (1, True), told


def test_what_is_no_report_is_a_command_that_is_not_understood(there, checked):
    assert checked("nowhere")[0] == 2
    status, told = checked("acme")
    assert (status, "there is no report at" in told) == (2, True)
    status, told = checked(".")
    assert f"it holds reports, verify one of them: {there / 'page'}" in told


def test_a_study_that_is_not_found_is_asked_for(there, cx, monkeypatch):
    monkeypatch.chdir(there / "report")
    status, _, err = cx("verify", there / "report")
    assert status == 2
    assert "there is no study at acme" in err
    assert "name the folder of the report's study with --study" in err


def test_a_study_that_is_broken_is_told_and_certified(there, checked, quick):
    altered(there / "acme" / "study.yml", "metric: nps", "metric: npss")
    status, told = checked()
    assert status == 1
    assert "npss" in told
    record = found(there)
    assert (record["verdict"], record["cells"]) == ("not the same", [])


def test_a_chapter_that_fails_is_told_and_certified(there, checked, light):
    altered(there / "acme" / "survey.csv", r"\n\d+,", "\n11,")
    status, told = checked()
    assert status == 1
    assert re.search(r"data: survey\.csv: recorded .* \(it could not be made again\)", told), told
    assert "answers must lie in 0-10" in found(there)["error"]
    assert "answers must lie in 0-10" in (there / "report" / "certificate.html").read_text(encoding="utf-8")


def test_a_certificate_that_cannot_be_written_is_told_before_the_work(there, checked, monkeypatch):
    def full(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(certificate.tempfile, "TemporaryFile", full)
    monkeypatch.setattr(verify, "read", lambda _: pytest.fail("the work began"))
    status, told = checked()
    assert status == 1
    assert "the certificate cannot be written here: Read-only file system; name a folder with --out" in told


def test_the_certificate_goes_where_out_says(there, checked, quick):
    assert checked("report", "--out", there / "new" / "folder")[0] == 0
    assert (there / "new" / "folder" / "certificate.html").is_file()
    assert not (there / "report" / "certificate.html").exists()


def test_a_bug_surfaces_as_itself(there, quick, monkeypatch):
    monkeypatch.setattr(verify.file_verdicts, "notebook", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        verify.verify(there / "report", study=str(there / "acme"))


# -- verdicts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "now", "verdict"),
    [
        (1.5, 1.5, IDENTICAL),
        (100.0, 100.00000001, WITHIN),
        (12.3456, 12.3457, WITHIN),  # a step of the last recorded decimal
        (12.3456, 12.3458, CHANGED),
        (12.3, 12.4, CHANGED),
        (3, 4, CHANGED),
        (1, 1.0, WITHIN),
        (True, 1, CHANGED),
        (None, 0.0, CHANGED),
        ("30.7 to 39.4", "30.7 to 39.5", CHANGED),
        ("two  words\n", "two words", WITHIN),
        ([1, 2], [1, 2, 3], CHANGED),
        ({"a": 1}, {"a": 1, "b": None}, IDENTICAL),
        ({"a": {"b": [1.00001]}}, {"a": {"b": [1.00002]}}, WITHIN),
    ],
)
def test_a_verdict_on_data(said, now, verdict):
    assert judged(data(said, now)).verdict == verdict


def test_a_difference_says_where_and_what():
    first = judged(data({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]})).first
    assert (first.place, first.said, first.now) == ("a[2].b", "2", "3")
    long = "x" * 100
    (first,) = words(f"{long} 12 of {long}", f"{long} 13 of {long}")
    assert first.said == f"…{'x' * 38} 12 of {'x' * 35}…"


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ('<path id="p0123456789" d="M 1.5 2.25" style="fill: #123456"/>', IDENTICAL),
        ('<path id="pabcdefabcd" d="M 1.5 2.25" style="fill: #123456"/>', WITHIN),  # a name made of its content
        ('<path id="p0123456789" d="M 1.9 2.25" style="fill: #123456"/>', WITHIN),
        ('<path id="p0123456789" d="M 2.1 2.25" style="fill: #123456"/>', CHANGED),
        ('<path id="p0123456789" d="M 1.5 2.25" style="fill: #123457"/>', CHANGED),
        ('<path id="p0123456789" d="L 1.5 2.25" style="fill: #123456"/>', CHANGED),
        ("", CHANGED),
    ],
)
def test_a_verdict_on_a_drawing(now, verdict):
    said = '<path id="p0123456789" d="M 1.5 2.25" style="fill: #123456"/>'
    assert judged(drawing(said, now)).verdict == verdict


# -- the page's record, and the certificate --------------------------------------------------------------


def test_the_page_carries_its_plan_as_data_that_nothing_runs(made):
    page = (made / "report" / "index.html").read_text(encoding="utf-8")
    (carried,) = manifest.WITHIN.findall(page)
    assert not set("<>&") & set(carried)
    recorded = json.loads((made / "report" / "plan.json").read_text(encoding="utf-8"))
    known = json.loads(carried)
    assert known["plan"] == {name: recorded[name] for name in known["plan"]}
    assert [list(pair) for pair in manifest.digests(page)] == known["pieces"]
    assert "".join(text for _, text in manifest.pieces(page)) == manifest.WITHIN.sub("", page)
    assert page.count("<script") == 2


def test_the_environment_holds_every_pinned_library_that_is_installed():
    here = plans.environment()
    assert set(plans.LIBRARIES) < set(here)
    assert {name: metadata.version(name) for name in here if name != "Python"} == {
        name: version for name, version in here.items() if name != "Python"
    }


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)")
@pytest.mark.parametrize("spoken", ["en", "vi"])
@pytest.mark.parametrize("kind", ["same", "other"])
def test_the_certificate_can_be_read_by_all_and_prints_on_two_pages(there, quick, browser, spoken, kind):  # noqa: F811
    assert RULES["runOnly"]
    if kind == "other":
        in_notebook(there)
    result = verify.verify(there / "report", study=str(there / "acme"))
    language.speak(spoken)
    path = there / "certificate.html"
    now = certificate.datetime(2026, 3, 3, 14, 5).astimezone()
    path.write_text(certificate.as_page(result, now), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert language.tr(certificate.HEADS[result.verdict]) in page.inner_text(".verdict")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
    assert violations(page) == []
    page.close()


def test_a_certificate_of_hostile_words_runs_nothing(there, checked, quick):
    in_notebook(there)
    altered(there / "report" / NOTEBOOK, r'"source": "# What can', '"source": "# <script>alert(2)</script> can')
    checked()
    page = (there / "report" / "certificate.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;/script&gt;" in page
    with pytest.raises(CxError):
        manifest.read(there / "report" / "certificate.html")
