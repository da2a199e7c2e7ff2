"""The appendix on method: what it tells of a study, and what an interval may be called."""

import re
from dataclasses import replace

from demo_document import demo

from cxlib.places import ROOT, study_file
from cxlib.report import formats, method
from cxlib.report import plan as plans
from cxlib.report.brand import brand
from cxlib.report.document import Chapter, Section
from cxlib.study_yml import read_codebook

DEMO = ROOT / "data" / "demo"


def checklist(sample: str) -> dict[str, str]:
    """Items of the checklist for the demo, were its sample of that kind."""
    book = read_codebook(study_file(DEMO)).model_copy(update={"sample": sample})
    plan, _ = plans.make_plan(str(DEMO))
    made = method.appendix(plan, book, demo().chapters, brand(study_file(DEMO), book), {})
    block = next(b for b in made.blocks("table") if b.name == "disclosure")
    return dict(block.data["rows"])


def test_margin_of_error_is_said_of_probability_samples_alone():
    nps = next(b.data for c in demo().chapters for b in c.blocks("number") if b.name == "nps")
    half = (nps["high"] - nps["low"]) / 2
    said = checklist("probability")["Precision"]
    assert said.startswith(f"NPS: margin of error {half:.2f} points at 95% confidence")
    for sample in ("quota", "panel", "opt_in", "census"):
        assert "this is no margin of error" in checklist(sample)["Precision"]


def test_every_item_is_filled_from_the_study_or_said_to_be_lacking():
    said = checklist("probability")
    assert said["Population"] == "customers who bought in the last 12 months (180,000 customers)"
    assert said["Conducted by"] == "the script make.py"
    assert said["Response"].startswith("Of 4,500 invited in 2026-H2, 44.5% answered")
    bare = read_codebook(study_file(DEMO)).model_copy(
        update={"disclosure": type(read_codebook(study_file(DEMO)).disclosure)()}
    )
    plan, _ = plans.make_plan(str(DEMO))
    made = method.appendix(plan, bare, [], brand(study_file(DEMO), bare), {})
    rows = dict(next(b for b in made.blocks("table") if b.name == "disclosure").data["rows"])
    assert [item for item, told in rows.items() if told == "not stated"] == [
        "Conducted by", "Sampling frame", "Recruitment", "Incentives", "Languages of the questionnaire", "Respondents",
        "Precision", "Response", "Checks of respondents", "Respondents left out", "Contact",
    ]  # fmt: skip


def test_software_files_and_methods_are_those_of_the_run():
    made = {b.name: b.data["rows"] for b in demo().appendix.blocks("table")}
    pins = set(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert {tuple(row) for row in made["software"][1:]} <= pins
    plan, _ = plans.make_plan(str(DEMO))
    assert ["survey.csv", plan.inputs["survey.csv"][:16]] in made["inputs"]
    published = {b.data["method"] for c in demo().chapters for b in c.blocks("number")}
    assert {row[1] for row in made["methods"]} == published


def test_the_codebook_holds_every_question_and_no_private_column():
    rows = next(b for b in demo().appendix.blocks("table") if b.name == "codebook").data["rows"]
    book = read_codebook(study_file(DEMO))
    assert [(r[0], r[1]) for r in rows] == [(t, q) for t, part in book.tables.items() for q in part.questions]
    assert not {"name", "phone", "email"} & {row[1] for row in rows}
    assert rows[0][:4] == ["survey", "recommend", "Recommendation", "metric"]
    assert rows[0][5] == "0 to 10. no answer: 11"


def test_chapters_that_could_not_run_are_named_by_their_question(make):
    folder = make("questions: {a: {role: metric, metric: nps}}", "a\n10\n9\n")
    plan, book = plans.make_plan(str(folder))
    made = formats.document_of(plan, book, [Chapter("survey_analysis", "Q", [Section("")], {})], demo().brand)
    rows = next(b for b in made.appendix.blocks("table") if b.name == "left_out").data["rows"]
    assert [
        "How many unhappy customers stay silent, and what do they cost?",
        "the study has no table complaints",
    ] in rows


def test_a_colour_that_was_changed_is_said_in_the_appendix():
    look = replace(demo().brand, adjusted="The colour was changed.")
    plan, book = plans.make_plan(str(DEMO))
    made = method.appendix(plan, book, demo().chapters, look, {})
    assert "The colour was changed." in [b.data["runs"][0].text for b in made.sections[-1].blocks if b.kind == "text"]
