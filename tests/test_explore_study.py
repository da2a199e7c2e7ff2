"""The study form: what it shows of an export, what its controls decide, and the study.yml that comes of it."""

import re
from pathlib import Path

import pytest
import yaml

from cxlib import CxError, Study, nps
from cxlib import new_draft as drafts
from cxlib.explore import form_facts, form_fields, form_written, live, study_form
from cxlib.explore.form_fields import Fields
from cxlib.new_text import study_yml

ROOT = Path(__file__).resolve().parent.parent
WORDS = ["Very bad", "Bad", "Fair", "Good", "Very good"]


def export(tmp_path: Path, rows: int = 40) -> Path:
    """Ratings in numbers and in words, a code for no answer, blanks, a yes or no, a private column."""
    lines = ["id,email,recommend,Q2,quality,again,city,wt,why"]
    for i in range(rows):
        again = "" if i % 4 == 3 else ("Yes", "No")[i % 2]
        score = 99 if i % 10 == 9 else i % 11
        told = f"{WORDS[i % 5]},{again},{'AB'[i % 2]},{1 + i % 2},it was number {i}"
        lines.append(f"{i},a{i}@example.com,{score},{i % 10 + 1},{told}")
    path = tmp_path / "export.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def draft(tmp_path):
    return drafts.begin([export(tmp_path)])


def bars(draft, column):
    return [(b.answer, b.n, round(b.percent, 1), b.kind) for b in form_facts.distribution(draft, draft.of(column))]


# -- what is shown -------------------------------------------------------------------------------------------------


def test_a_distribution_counts_answers_and_sets_missing_codes_and_blanks_apart(draft):
    """By hand: of 40 rows every fourth is blank, and of the rest 20 are even (Yes) and 10 odd (No)."""
    assert bars(draft, "again") == [
        ("Yes", 20, 66.7, "answer"),
        ("No", 10, 33.3, "answer"),
        ("blank", 10, 25.0, "blank"),
    ]
    assert bars(draft, "recommend")[-1] == ("99", 4, 10.0, "missing")
    assert sum(n for _, n, _, kind in bars(draft, "recommend") if kind == "answer") == 36


def test_words_on_a_scale_stand_in_its_order(draft):
    assert [answer for answer, *_ in bars(draft, "quality")] == WORDS


def test_what_tells_who_somebody_is_is_not_shown(draft):
    for column in ("email", "id", "why"):
        assert bars(draft, column) == [("answers, which are not shown", 40, 100.0, "answer")]
        shown = form_facts.bars_html(form_facts.distribution(draft, draft.of(column)))
        assert "@" not in shown
        assert "number" not in shown


def test_many_different_numbers_are_shown_in_bands(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("id,spend\n" + "".join(f"r{i},{i}\n" for i in range(1, 81)), encoding="utf-8")
    draft = drafts.begin([path])
    draft = drafts.decide(draft, "spend", "number")
    assert bars(draft, "spend")[0] == ("1 to 10", 10, 12.5, "answer")
    assert [n for _, n, _, _ in bars(draft, "spend")] == [10] * 8


def test_the_bars_are_a_table_that_is_read_without_its_bars(draft):
    page = form_facts.bars_html(form_facts.distribution(draft, draft.of("again")))
    assert page.count('scope="row"') == 3
    assert page.count('aria-hidden="true"') == 3
    assert "<caption>Percent of those who answered" in page
    assert page.count("cx-apart") == 1


def test_a_guess_is_told_with_its_reason_and_a_decision_without(draft):
    told = form_facts.guessed(draft.of("recommend"))
    assert told == 'Guessed: metric: 0-10 scale and "recommend" in the wording (high confidence); off the scale: 99 (4)'
    assert form_facts.guessed(drafts.confirm(draft, "recommend").of("recommend")) == "Decided: metric"


def test_a_scale_of_which_only_the_ends_are_worded_stands_in_order_and_is_confirmed():
    """Oracle: how SurveyMonkey writes 0 and 10 of the question on recommending."""
    draft = drafts.begin([ROOT / "data/tutorial/export.csv"])
    made = draft.of("How likely is it that you would recommend Harbour Bikes to a friend or colleague?")
    answers = [bar.answer for bar in form_facts.distribution(draft, made)]
    assert answers == ["Not at all likely - 0", *map(str, range(1, 10)), "Extremely likely - 10"]
    now = form_fields.said(draft, made, form_fields.fields(draft, made)).of(made.columns[0])
    assert now.entries["labels"] == made.entries["labels"]


# -- what is decided -----------------------------------------------------------------------------------------------


def test_what_is_confirmed_bears_no_guess_and_the_rest_does(draft, tmp_path):
    draft = drafts.confirm(draft, "recommend")
    text = study_yml(tmp_path / "s", draft)
    above = text[: text.index("      recommend:")].splitlines()[-1]
    assert "guessed" not in above
    left = [made for made in draft.found if not made.decided and made.use in ("key", "private", "question")]
    assert text.count("# guessed: ") == len(left) + 1  # and the sample's


def test_a_share_of_answers_is_a_metric_of_the_study(draft, tmp_path):
    """Oracle: by hand, 20 of 30 said yes."""
    draft = drafts.decide(draft, "again", "metric", metric="share", good=("Yes",))
    form_written.write(draft, tmp_path / "s")
    study = Study.load(tmp_path / "s")
    assert study.book.metrics["again_share"].scores == {1: 100}
    assert study.survey["again"].value_counts().to_dict() == {1.0: 20, 0.0: 10}
    assert study.metric("again").label == "again: Yes"


def test_answers_in_words_become_the_numbers_of_their_scale(draft, tmp_path):
    draft = drafts.decide(draft, "quality", "metric", metric="csat")
    form_written.write(draft, tmp_path / "s")
    assert Study.load(tmp_path / "s").survey["quality"].tolist()[:5] == [1, 2, 3, 4, 5]


def test_the_fields_of_a_question_decide_it_as_it_is(draft):
    """Property: fields that nobody changed leave role, entries and own metric as they were."""
    for made in draft.found:
        if made.use == "candidate":
            continue
        now = form_fields.said(draft, made, form_fields.fields(draft, made)).of(made.columns[0])
        assert (now.use, form_facts.role_of(now), now.own) == (made.use, form_facts.role_of(made), made.own)
        assert {k: v for k, v in now.entries.items() if k != "scale"} == {
            k: v for k, v in made.entries.items() if k != "scale"
        }


@pytest.mark.parametrize(
    ("column", "role", "how", "message"),
    [
        ("recommend", "metric", {"metric": "csat"}, "answers to recommend lie in 1-5 on CSAT"),
        ("city", "metric", {"metric": "share", "good": ()}, "a share is of some answers to city"),
        ("city", "metric", {"metric": "share", "good": ("A", "B")}, "and not of all of them"),
        ("city", "metric", {"metric": "nsp"}, "did you mean nps?"),
        ("city", "drivr", {}, "did you mean driver?"),
        ("city", "number", {}, "city holds words, e.g. A"),
        ("citi", "segment", {}, "did you mean city?"),
    ],
)
def test_what_does_not_fit_is_refused(draft, column, role, how, message):
    with pytest.raises(CxError, match=re.escape(message)):
        drafts.decide(draft, column, role, **how)


def test_a_key_is_taken_from_the_column_that_was_guessed_but_not_from_one_that_was_said(draft):
    assert draft.of("wt").role == "weight"
    draft = drafts.decide(draft, "Q2", "weight")
    assert (draft.of("wt").use, draft.of("wt").reason) == ("left out", "another column is the weight")
    with pytest.raises(CxError, match="weight is Q2 already"):
        drafts.decide(draft, "wt", "weight")


@pytest.mark.parametrize(("typed", "found"), [("", None), ("1-5", (1, 5)), ("0 to 10", (0, 10)), (" 1 – 7 ", (1, 7))])
def test_scales_are_typed_as_people_write_them(typed, found):
    assert form_fields.scale(typed) == found


def test_a_scale_that_is_none_and_codes_with_commas():
    with pytest.raises(CxError, match=r"e\.g\. 1-5; found 5-1"):
        form_fields.scale("5-1")
    assert form_fields.codes('0, 6 ,"No, never",') == ("0", "6", "No, never")


# -- the form ------------------------------------------------------------------------------------------------------


@pytest.fixture
def form(tmp_path):
    made = study_form.study(export(tmp_path), folder=tmp_path / "acme")
    made.open()
    return made


def choose(form, column):
    form.widgets["questions"].value = next(n for n, made in enumerate(form.draft.found) if column in made.columns)


def test_the_controls_decide_and_the_list_marks_what_is_decided(form):
    choose(form, "again")
    form.widgets["role"].value = "metric"
    assert (form.widgets["metric"].value, form.widgets["good"].value) == ("share", ("Yes",))
    form.widgets["confirm"].click()
    assert form.draft.of("again").entries["metric"] == "again_share"
    assert form.chosen.columns == ("city",)  # it went on to the next
    marks = {label.split(":")[0] for label, _ in form.widgets["questions"].options}
    assert "✓ again" in marks
    assert "· city" in marks


def test_only_the_controls_that_a_role_needs_are_shown(form):
    choose(form, "recommend")
    hidden = {name for name, widget in form.widgets.items() if widget.layout.display == "none"}
    assert hidden == {"good", "scale"}
    form.widgets["role"].value = "weight"
    hidden = {name for name, widget in form.widgets.items() if widget.layout.display == "none"}
    assert hidden == {"label", "metric", "good", "scale", "missing"}


def test_a_mistake_is_told_in_the_form_and_changes_nothing(form):
    choose(form, "recommend")
    before = form.draft
    form.widgets["metric"].value = "csat"
    form.widgets["confirm"].click()
    assert 'role="alert"' in form._said.value
    assert "lie in 1-5 on CSAT" in form._said.value
    assert form.draft is before


def test_the_button_writes_a_study_that_holds_and_never_over_another(form, tmp_path):
    form.widgets["sure"].click()
    form.widgets["title"].value = "Acme riders"
    form.widgets["sample"].value = "panel"
    form.widgets["write"].click()
    raw = yaml.safe_load((tmp_path / "acme/study.yml").read_text(encoding="utf-8"))
    assert (raw["title"], raw["sample"]) == ("Acme riders", "panel")
    assert "cx report" in form._done.value
    study = Study.load(tmp_path / "acme")
    assert study.check() == []
    assert nps(study.survey["recommend"]).n == 36
    form.widgets["write"].click()
    assert "is there already and is not replaced" in form._done.value


def test_what_does_not_hold_is_shown_with_the_line_to_mend(tmp_path):
    path = export(tmp_path)
    draft = drafts.decide(drafts.begin([path]), "Q2", "weight")
    path.write_text(path.read_text().replace("\n3,a3@example.com,3,4,", "\n3,a3@example.com,3,,"), encoding="utf-8")
    written = form_written.write(draft, tmp_path / "s")
    (problem,) = written.problems
    assert (problem.column, problem.rule) == ("Q2", "a weight must not be missing")
    line = written.file.read_text().splitlines().index("    weight: Q2") + 1
    assert any(
        f"{problem.rule} | blank in row 4 of export.csv | {line}" in p.plain for p in form_written.shown(written)
    )


def test_outside_a_live_notebook_it_is_a_table_without_widgets(tmp_path, monkeypatch):
    form = study_form.study(export(tmp_path))
    bundle = form._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert form.widgets == {}
    assert "recommend | " in bundle["text/plain"]
    monkeypatch.setattr(study_form, "live", lambda: True)
    assert "application/vnd.jupyter.widget-view+json" in form._repr_mimebundle_()
    assert not live.live()


def test_every_control_has_a_label(form):
    assert [name for name, widget in form.widgets.items() if not widget.description] == []


def test_an_export_of_a_hundred_questions_stays_usable(tmp_path):
    path = tmp_path / "long.csv"
    heads = [f"Q{n}" for n in range(100)]
    rows = [",".join(str(1 + (i + n) % 5) for n in range(100)) for i in range(30)]
    path.write_text("\n".join([",".join(heads), *rows]) + "\n", encoding="utf-8")
    form = study_form.study(path)
    form.open()
    assert len(form.widgets["questions"].options) == 100
    assert form.widgets["questions"].rows < 30


def test_no_export_and_an_export_that_is_not_there():
    with pytest.raises(CxError, match="name the export"):
        study_form.study()
    with pytest.raises(CxError, match=r"there is no export at nowhere\.csv"):
        study_form.study("nowhere.csv")


def test_fields_without_a_role_are_refused(draft):
    with pytest.raises(CxError, match="choose a role for city"):
        form_fields.said(draft, draft.of("city"), Fields(""))


@pytest.mark.parametrize(
    ("folder", "told"),
    [(" ", "name a folder for the study"), ("x" * 300, "no such path can be used: File name too long"),
     ("/dev/null", "is a file; a study is a folder")],
)  # fmt: skip
def test_a_folder_that_cannot_be_is_told_in_the_form(form, folder, told):
    form.widgets["folder"].value = folder
    form.widgets["write"].click()
    assert told in form._done.value
    assert 'role="alert"' in form._done.value


def test_a_number_that_is_none_is_refused_without_telling_what_is_private(tmp_path):
    file = tmp_path / "odd.csv"
    lines = [f"a{i}@example.com,,{('Hanoi', 'Hue')[i % 2]},{i % 11}" for i in range(40)]
    file.write_text("\n".join(["email,blank,city,recommend", *lines]), encoding="utf-8")
    draft = drafts.begin([file])
    for column, told in (("email", "words"), ("blank", "no answers"), ("city", "words, e.g. Hanoi")):
        with pytest.raises(CxError, match=rf"^{column} holds {told}; a number it is not$"):
            drafts.decide(draft, column, "number")


@pytest.mark.parametrize("apart", ["left out", "private"])
def test_a_question_of_several_columns_can_be_put_aside_and_taken_back(tmp_path, apart):
    file = tmp_path / "ticks.csv"
    heads = [f'"Which do you use? ({word})"' for word in ("Shop", "App", "Web")]
    lines = [f"{i % 11},{i % 2 or ''},{int(i % 3 == 0) or ''},1" for i in range(40)]
    file.write_text("\n".join([",".join(["recommend", *heads]), *lines]), encoding="utf-8")
    draft = drafts.begin([file])
    (ticks,) = [made for made in draft.found if len(made.columns) > 1]
    column = ticks.columns[0]
    aside = drafts.decide(draft, column, apart)
    with pytest.raises(CxError, match="has 3 columns; it is multi, or left out"):
        drafts.decide(aside, column, "number")
    told = [study_yml(tmp_path, drafts.decide(each, column, "multi")) for each in (draft, aside)]
    assert told[0] == told[1]
    assert "columns" in told[0]
