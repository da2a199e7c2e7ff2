"""Customers who were not in the sample: cx personas and cx assign, from a study to a file of personas."""

import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import yaml
from persona_study import TABLES, kinds, made, survey

from cxlib import CxError, Study, newcomers, people
from cxlib.segmentation import Segmentation

ALONE = {"without": ["customers", "complaints", "prospects"]}
FORMED = ["pay", "uses", "spend", "goal"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple:
    """The folder of the small study and of its personas, kept as personas.json."""
    folder = tmp_path_factory.mktemp("personas")
    study = made(lambda table, data, top: _write(folder, table, data, top), **ALONE)
    people.formed(people.people(study), k="3").save(folder / "personas.json")
    return folder, study


def _write(folder, table: str, data: dict, top: str) -> Study:
    for name, content in data.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "study.yml").write_text(top + table, encoding="utf-8")
    return Study.load(folder)


@pytest.fixture
def assign(kept, cx, tmp_path):
    """assign(text): what cx assign does with a file of that text: exit code, output, error, and the rows written."""

    def call(text, *, personas=None) -> tuple:
        new, out = tmp_path / "new.csv", tmp_path / "out.csv"
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, told, error = cx(
            "assign", kept[0], new, "--personas", personas or kept[0] / "personas.json", "--out", out
        )
        rows = pd.read_csv(out, dtype=str, keep_default_na=False) if out.exists() else None
        out.unlink(missing_ok=True)
        return status, told.replace(str(tmp_path), "DIR"), error.replace(str(tmp_path), "DIR"), rows

    return call


NEW = survey(90, seed=20)[["id", *FORMED]].assign(pay=lambda t: t["pay"].fillna(""))


def test_new_customers_are_placed_with_their_kind(assign):
    """By construction nine answers in ten are those of one's kind, of which there are four."""
    status, told, error, rows = assign(NEW.to_csv(index=False))
    assert (status, error) == (0, "")
    assert (rows["persona"].astype(int) - 1 == kinds(90)).mean() > 0.9
    assert rows[["id", "goal"]].equals(NEW[["id", "goal"]].astype(str))
    assert list(rows) == [*NEW, "persona", "persona_name", "persona_probability"]
    assert rows["persona_probability"].astype(float).between(1 / 3, 1).all()
    assert told.splitlines()[0] == "DIR/out.csv: 90 rows of new.csv, 90 of them with a persona"
    sure = rows["persona_probability"].astype(float)
    assert told.splitlines()[1] == (
        f"mean probability of the persona given: {sure.mean():.2f}; under 0.50 in {(sure < 0.5).sum()} rows"
    )


def test_a_file_of_the_sample_itself_is_placed_as_the_chapter_does(assign, kept):
    case = people.people(kept[1])
    found = people.formed(case, k="3")
    _, _, _, rows = assign(survey().to_csv(index=False))
    assert rows["persona"].astype(int).tolist() == found.members.tolist()
    assert rows["persona_name"].tolist() == [found.names[i - 1] for i in found.members]


def test_one_customer_is_placed_as_among_many(assign):
    """A channel that nobody of the file ticked is one that its customers do not use, not one that was not asked."""
    whole = assign(NEW.to_csv(index=False))[3]
    for i in (0, 50, 89):
        alone = assign(NEW.iloc[[i]].to_csv(index=False))[3]
        assert alone["persona_probability"].tolist() == [whole["persona_probability"][i]]


def test_columns_that_are_not_there_count_as_not_answered(assign):
    status, told, _, rows = assign(NEW[["id", "pay"]].assign(pay=["cash", "", "card"] * 30).to_csv(index=False))
    assert status == 0
    assert "not asked in new.csv, so taken as unanswered: uses, spend, goal" in told.splitlines()
    assert rows["persona"].tolist() == ["1", "", "2"] * 30
    assert rows["persona_name"][1] == rows["persona_probability"][1] == ""
    assert told.startswith("DIR/out.csv: 90 rows of new.csv, 60 of them with a persona\n")


@pytest.mark.parametrize(("text", "message"), [
    ("id,pay\n1,cash\n2,shells\n3,coins\n", "DIR/new.csv: table survey, column pay: answers must be among the "
     "`labels:`, or listed as `missing:`; 2 do not, e.g. shells in row 2 of new.csv"),
    ("id,spend\n1,5\n2,much\n", "DIR/new.csv: table survey, column spend: a number belongs here; text is found; 1 do "
     "not, e.g. much in row 2 of new.csv"),
    ("id,colour\n1,red\n", "DIR/new.csv: holds none of the questions pay, uses, spend, goal"),
    ("id,pay,persona\n1,cash,2\n", "DIR/new.csv: has a column persona already; rename it, or take the file without "
     "personas"),
    ("id,uses\n1,fax\n", "DIR/new.csv: table survey, column uses: answers must be among the `labels:`, or listed as "
     "`missing:`; 1 do not, e.g. fax"),
    ("id,pay\n", "DIR/new.csv: a table must hold at least one row; new.csv has none"),
    ("", "DIR/new.csv: "),
    ("id,pay,pay\n1,cash,card\n", "DIR/new.csv: table survey, column pay: two columns have this name"),
])  # fmt: skip
def test_files_that_cannot_be_placed_say_why_and_nothing_is_written(assign, text, message):
    status, told, error, rows = assign(text)
    assert (status, told, rows) == (1, "", None)
    assert error.startswith(f"cx: {message}")
    assert error.count("\n") == 1


def test_files_that_are_not_there_or_are_there_already(cx, kept, tmp_path):
    folder, personas = kept[0], kept[0] / "personas.json"
    out, new = tmp_path / "out.csv", tmp_path / "new.csv"
    new.write_text("pay\ncash\n", encoding="utf-8")
    absent = tmp_path / "absent.csv"
    assert cx("assign", folder, absent, "--personas", personas, "--out", out) == (
        1, "", f"cx: there is no file {absent}\n")  # fmt: skip
    assert "cannot be read: No such file" in cx("assign", folder, new, "--personas", absent, "--out", out)[2]
    assert "out.txt: what is known of customers is written as a .csv file" in cx(
        "assign", folder, new, "--personas", personas, "--out", tmp_path / "out.txt")[2]  # fmt: skip
    assert not out.exists()
    out.write_text("mine", encoding="utf-8")
    status, _, error = cx("assign", folder, new, "--personas", personas, "--out", out)
    assert (status, out.read_text(encoding="utf-8")) == (1, "mine")
    assert "is there already and is not replaced" in error
    assert cx("assign", folder, new, "--out", tmp_path / "b.csv")[0] == 2


@pytest.mark.parametrize("broken", ["{", "[]", '{"format": "cx segmentation", "version": 9}',
                                    '{"format": "cx segmentation", "version": 1}', "\x00\x01"])  # fmt: skip
def test_a_broken_file_of_personas_says_so(assign, tmp_path, broken):
    (tmp_path / "bad.json").write_text(broken, encoding="utf-8")
    status, _, error, rows = assign("pay\ncash\n", personas=tmp_path / "bad.json")
    assert (status, rows) == (1, None)
    assert error.startswith("cx: DIR/bad.json is ")
    assert error.count("\n") == 1


def test_what_is_written_is_for_the_caller_alone(kept, tmp_path):
    new, out = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("id;pay;note\n1;cash;ô, là\n2;;=1+1\n", encoding="utf-8")
    newcomers.assign(kept[1], Segmentation.load(kept[0] / "personas.json"), new, out)
    assert out.stat().st_mode & 0o077 == 0
    raw = out.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = pd.read_csv(StringIO(raw.decode("utf-8-sig")), dtype=str, keep_default_na=False)
    assert rows["note"][0] == "ô, là"
    assert rows["persona"].tolist() == ["1", ""]


def test_personas_of_another_study_say_so(load, kept, tmp_path):
    other = load("questions: {a: {role: single}, b: {role: single}}\n", "a,b\nx,p\ny,q\n")
    (tmp_path / "new.csv").write_text("a\nx\n", encoding="utf-8")
    with pytest.raises(CxError, match=r"^the personas were formed by pay, which is no question of the table survey$"):
        newcomers.assign(
            other, Segmentation.load(kept[0] / "personas.json"), tmp_path / "new.csv", tmp_path / "out.csv"
        )


def test_derived_variables_are_derived_from_the_file(load, tmp_path):
    """Bands of an age, and payment crossed with city, which the file brings; what else is crossed is not read."""
    questions = TABLES["survey"]["questions"]
    changed = {
        "pay": questions["pay"] | {"derive": {"pay_city": {"with": "city"}}},
        "age": questions["age"] | {"derive": {"age_band": [18, 35, 55], "young": [18, 30]}},
        "goal": questions["goal"] | {"derive": {"goal_pay": {"with": "pay"}}},
    }
    study = made(load, **(ALONE | {"questions": changed}))
    case = people.people(study, variables="pay_city,age_band,goal")
    found = people.formed(case, k="3")
    survey().to_csv(tmp_path / "new.csv", index=False)
    notes = newcomers.assign(study, found, tmp_path / "new.csv", tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.csv")
    assert rows["persona"].fillna(0).astype(int).tolist() == found.members.tolist()
    assert len(notes) == 2
    survey()[["age", "goal"]].to_csv(tmp_path / "less.csv", index=False)
    notes = newcomers.assign(study, found, tmp_path / "less.csv", tmp_path / "less_out.csv")
    assert notes[1] == "not asked in less.csv, so taken as unanswered: pay, city"


def test_more_answers_of_a_table(kept, tmp_path):
    """Study.more(): answers under the names and labels of the codebook, without keys, and what is lacking."""
    survey().head(4)[["id", "pay", "spend"]].to_csv(tmp_path / "more.csv", index=False)
    frame, absent = kept[1].more("survey", tmp_path / "more.csv", FORMED)
    assert absent == ["uses", "goal"]
    assert list(frame) == ["pay", "spend"]
    assert frame["spend"].tolist() == survey()["spend"].head(4).tolist()
    words = {"cash": "Cash", "card": "Card", "wallet": "E-wallet"}
    assert frame["pay"].isna().tolist() == [True, False, False, False]
    assert frame["pay"].tolist()[1:] == survey()["pay"].map(words).tolist()[1:4]


# -- cx personas -----------------------------------------------------------------------------------------------------


def test_personas_are_kept_with_their_form(cx, kept, tmp_path):
    out, form = tmp_path / "p.json", tmp_path / "form.html"
    status, told, error = cx("personas", kept[0], "--out", out, "--form", form, "-p", "k=3")
    assert (status, error) == (0, "")
    assert told.splitlines()[0] == f"{out}: 3 personas, formed from pay, uses, spend, goal"
    assert told.splitlines()[1].startswith(f"{form}: ")
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads(
        (kept[0] / "personas.json").read_text(encoding="utf-8")
    )
    assert form.read_text(encoding="utf-8").startswith("<!doctype html>")
    # nobody's answers, and no name
    assert not {"r17", "c17", "fine"} & set(out.read_text(encoding="utf-8").split('"'))


def test_personas_are_the_same_file_again(cx, kept, tmp_path):
    for name in ("a.json", "b.json"):
        assert cx("personas", kept[0], "--out", tmp_path / name, "-p", "k=3", "-p", "variables=pay,goal")[0] == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(("arguments", "status", "message"), [
    (["-p", "k=x"], 1, "cx: k is a number of personas, or the least and the most to try, e.g. 4 or 2-8; found 'x'"),
    (["-p", "kk=3"], 2, "cx: there is no parameter kk; did you mean k?; there are variables, waves, k, seed, scope"),
    (["-p", "seed=1.5"], 2, "cx: parameter seed takes a whole number, e.g. 0; found '1.5'"),
    (["-p", "study=x"], 2, "cx: there is no parameter study"),
    (["-p", "k"], 2, "cx: -p takes NAME=VALUE, e.g. -p confidence=0.9; found 'k'"),
    (["-p", "variables=pay"], 1, "cx: personas are formed from two variables or more; of pay 1 can serve"),
    (["-p", "k=1"], 1, "cx: STUDY: there are no personas to keep: no segments: "),
    (["-p", "waves=w9"], 1, "cx: there is no wave w9; the waves are w1, w2"),
    (["--form", "OUT"], 2, "cx: OUT cannot hold both the personas and the form; name two files"),
    (["--form", "NOWHERE/f.html"], 1, "cx: NOWHERE/f.html: there is no folder NOWHERE"),
])  # fmt: skip
def test_personas_that_cannot_be_kept(cx, kept, tmp_path, arguments, status, message):
    out, nowhere = tmp_path / "p.json", tmp_path / "none"
    given = [a.replace("OUT", str(out)).replace("NOWHERE", str(nowhere)) for a in arguments]
    found, told, error = cx("personas", kept[0], "--out", out, *given)
    shown = error.replace(str(out), "OUT").replace(str(nowhere), "NOWHERE").replace(str(kept[0]), "STUDY")
    assert (found, told, list(tmp_path.iterdir())) == (status, "", [])
    assert shown.startswith(message), shown


def test_what_is_there_is_not_replaced(cx, kept, tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.write_text("mine", encoding="utf-8")
    for files in (["--out", mine], ["--out", other, "--form", mine]):
        status, _, error = cx("personas", kept[0], *files)
        assert (status, error) == (1, f"cx: {mine}: is there already and is not replaced\n")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert not other.exists()


def test_a_study_without_groups_has_no_personas_to_keep(cx, make, tmp_path):
    folder = made(make, **(ALONE | {"frames": {"survey": survey().assign(pay="cash", uses="shop", goal="price")}}))
    status, _, error = cx("personas", folder, "--out", tmp_path / "p.json")
    assert status == 1
    assert "there are no personas to keep: no segments: fewer than two questions could form any" in error
    assert not (tmp_path / "p.json").exists()


def test_study_yml_in_vietnamese(load, tmp_path):
    """Answers are placed by their codes, whatever their labels are called."""
    study = made(load, **(ALONE | {"language": "vi"}))
    found = people.formed(people.people(study), k="3")
    assert any("Tiền mặt" in name or "Cửa hàng" in name for name in found.names)
    NEW.to_csv(tmp_path / "new.csv", index=False)
    newcomers.assign(study, found, tmp_path / "new.csv", tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.csv")
    assert (rows["persona"] - 1 == kinds(90)).mean() > 0.9
    assert np.isin(rows["persona_name"], found.names).all()
    assert yaml.safe_load((study.folder / "study.yml").read_text(encoding="utf-8"))["language"] == "vi"
