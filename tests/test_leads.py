"""Leads of a study: which prospects are like its ideal customers, and to which persona they are likely to belong."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from persona_study import PROFILE, TABLES, USES, customers, made, prospects, survey

from cxlib import CxError, declarations, lead_score, leads, people

RULES = [
    {"question": "city", "answers": ["n"], "points": 7},
    {"question": "pay", "answers": ["cash"], "exclude": True},
]
NO_SURVEY = {"without": ["survey", "complaints"]}
ALONE = {"personas": {"value": None, "value_times": None}}


@pytest.fixture
def of(load):
    """of(changes): the small study without its survey, and its leads."""

    def found(**changes) -> tuple:
        changes = NO_SURVEY | changes | {"personas": ALONE["personas"] | changes.get("personas", {})}
        study = made(load, **changes)
        return study, leads.leads(study)

    return found


def test_leads_are_those_of_the_score(of):
    """Oracle: cxlib.lead_score on the same customers, by hand: ideal are the top quarter by worth who have not left."""
    study, found = of()
    table = study.table("customers")
    ideal = ((table["value"] >= table["value"].quantile(0.75)) & table["left"].isna()).astype(float)
    labels = {"pay": "Payment", "age": "Age", "city": "City"}
    wanted = lead_score.fit(table, ideal, labels)
    pd.testing.assert_frame_equal(found.score.points, wanted.points)
    assert (found.score.base, found.why_not) == (pytest.approx(100 * ideal.mean()), "")
    scored = wanted.score(study.table("prospects")).sort_values("rank", kind="stable")
    assert found.prospects["score"].tolist() == scored["score"].tolist()
    assert found.prospects["row"].tolist() == scored.index.tolist()
    assert found.prospects["score"].is_monotonic_decreasing


def test_the_same_seed_gives_the_same_leads(of):
    study, found = of()
    pd.testing.assert_frame_equal(leads.leads(study).prospects, found.prospects)


def test_rules_are_read_by_their_codes(of):
    """By hand: the North gains seven points, and whoever pays cash is not called."""
    study, found = of(personas={"rules": RULES})
    table = study.table("prospects").loc[found.prospects["row"]]
    north, cash = (table["city"] == "North").to_numpy(), (table["pay"] == "Cash").to_numpy()
    assert (found.prospects["by_rules"] == np.where(north, 7, 0)).all()
    assert (found.prospects["excluded"] == cash).all()
    assert found.prospects["rank"].isna().to_numpy().tolist() == cash.tolist()


def test_what_the_ideal_customer_is_may_be_told(of):
    """Of 600 the top half by worth, whether they left or not."""
    _, found = of(personas={"ideal": {"value_top": 0.5, "stayed": False}})
    assert found.score.base == pytest.approx(50, abs=0.5)


def test_sensitive_questions_comments_and_ticks_earn_nothing(of):
    more = PROFILE | {"faith": {"role": "single"}, "said": {"role": "comment"}, "uses": {"role": "multi"},
                      "income": {"role": "number"}, "blank": {"role": "single"}}  # fmt: skip
    frames = {name: frame.assign(faith="x", said="y", uses="app;web", income=np.arange(len(frame)) % 7, blank=None)
              for name, frame in {"customers": customers(), "prospects": prospects()}.items()}  # fmt: skip
    _, found = of(tables={name: {"questions": more} for name in frames}, frames=frames)
    assert set(found.score.points["attribute"]) == {"pay", "age", "city", "income"}


def test_only_questions_that_prospects_answered_too_are_scored(of):
    _, found = of(tables={"prospects": {"questions": {"pay": PROFILE["pay"]}}})
    assert set(found.score.points["attribute"]) == {"pay"}


@pytest.mark.parametrize(("changes", "why"), [
    ({"without": [*NO_SURVEY["without"], "customers.value"]}, "a lead score needs a table customers with a `value:`"),
    ({"frames": {"customers": customers().assign(worth=3)}}, "a lead score needs customers whose values differ"),
    ({"frames": {"customers": customers().assign(worth=None)}}, "a lead score needs customers whose values differ"),
    ({"frames": {"customers": customers().head(80)}}, "a lead score needs 50 ideal customers and as many others; "
                                                      "there are "),
    ({"tables": {"prospects": {"questions": {"colour": {"role": "single", "column": "city"}}}}},
     "customers and prospects share no question that could be scored"),
])  # fmt: skip
def test_why_there_is_no_score(of, changes, why):
    _, found = of(**changes)
    assert (found.score, len(found.prospects)) == (None, 0)
    assert found.why_not.startswith(why)


def test_without_prospects_the_score_stands_alone(of):
    study, found = of(without=[*NO_SURVEY["without"], "prospects"])
    assert found.score is not None
    assert found.prospects.empty
    assert leads.persona_of(study, SimpleNamespace(k=2)) is None


def test_a_rule_on_ticks_cannot_be_applied(of):
    more = PROFILE | {"uses": {"role": "multi"}}
    frames = {
        name: frame.assign(uses="app") for name, frame in {"customers": customers(), "prospects": prospects()}.items()
    }
    with pytest.raises(CxError, match="a rule on uses cannot be applied: it has many answers at once"):
        of(tables={name: {"questions": more} for name in frames}, frames=frames,
           personas={"rules": [{"question": "uses", "answers": ["app"], "points": 3}]})  # fmt: skip


# -- the personas of prospects ---------------------------------------------------------------------------------------


@pytest.fixture
def with_personas(load):
    """with_personas(changes): the small study and its three personas of payment, channels and goal."""

    def found(**changes) -> tuple:
        study = made(load, **changes)
        return study, people.formed(people.people(study, variables="pay,uses,goal"), k="3")

    return found


def test_prospects_are_placed_by_what_they_share(with_personas):
    study, found = with_personas()
    told = leads.persona_of(study, found)
    wanted = found.assign(study.table("prospects")[["pay"]])
    pd.testing.assert_frame_equal(told, wanted)


def test_answers_of_prospects_alone_count_as_none(with_personas):
    """Barter is no payment of the survey: whoever pays by it is placed by nothing."""
    study, found = with_personas(
        tables={"prospects": {"questions": PROFILE | {"pay": {"role": "single"}}}},
        frames={"prospects": prospects().assign(pay=["barter", "Cash"] * 60)},
    )
    told = leads.persona_of(study, found)
    assert (told["segment"] > 0).tolist() == [False, True] * 60


def test_a_channel_that_no_prospect_uses_is_not_used(with_personas):
    """By hand: a prospect of the shop alone is placed as a new customer who ticks the shop, and no other channel."""
    asked = {"uses": TABLES["survey"]["questions"]["uses"]}
    study, found = with_personas(
        tables={"prospects": {"questions": asked}}, frames={"prospects": prospects(5).assign(uses="shop")}
    )
    told = leads.persona_of(study, found)
    ticks = pd.DataFrame({"uses.shop": [1.0], "uses.app": 0.0, "uses.web": 0.0})
    assert told["probability"].tolist() == [found.assign(ticks)["probability"].item()] * 5
    assert USES.keys() == {"shop", "app", "web"}


def test_without_a_shared_variable_nobody_is_placed(with_personas):
    study, found = with_personas(tables={"prospects": {"questions": {"city": PROFILE["city"]}}})
    assert leads.persona_of(study, found) is None


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_list_of_leads(cx, make, tmp_path):
    folder, out = made(make, personas={"rules": RULES}), tmp_path / "leads.csv"
    status, told, error = cx("leads", folder, "--out", out, "-p", "k=3")
    assert (status, error) == (0, "")
    assert told.startswith(f"{out}: 120 prospects, the highest score first\nThe scorecard tells ideal customers from")
    rows = pd.read_csv(out, encoding="utf-8-sig")
    assert list(rows) == ["prospect", "score", "points", "by_rules", "chance", "chance_low", "chance_high", "rank",
                          "tenth", "excluded", "reasons", "rules", "unknown", "persona",
                          "persona_probability"]  # fmt: skip
    assert set(rows["prospect"]) == {f"p{i}" for i in range(120)}
    listed = rows[~rows["excluded"]]
    assert listed["score"].is_monotonic_decreasing
    assert rows["excluded"].tail(rows["excluded"].sum()).all()  # those not to be called stand last
    assert rows["score"].tolist() == (rows["points"] + rows["by_rules"]).tolist()
    cash = prospects().set_index("id")["pay"] == "cash"
    assert rows["excluded"].tolist() == cash[rows["prospect"]].tolist()
    assert out.stat().st_mode & 0o077 == 0
    status, _, error = cx("leads", folder, "--out", out)
    assert (status, "is there already and is not replaced" in error) == (1, True)


@pytest.mark.parametrize(("changes", "message"), [
    ({"without": ["prospects"]}, "DIR/study.yml: a list of leads needs a table prospects; there are survey, customers, "
                                 "complaints"),
    ({"without": ["customers", "complaints"]}, "DIR/study.yml: a lead score needs a table customers with a `value:`"),
])  # fmt: skip
def test_no_list_of_leads(cx, make, tmp_path, changes, message):
    folder = made(make, **changes)
    before = set(tmp_path.iterdir())
    status, told, error = cx("leads", folder, "--out", tmp_path / "leads.csv", "-p", "k=3")
    assert (status, told, error.replace(str(folder), "DIR")) == (1, "", f"cx: {message}\n")
    assert set(tmp_path.iterdir()) == before


def test_a_list_without_personas_has_no_column_of_them(cx, make, tmp_path):
    """Of answers that are all alike no personas are formed; the list stands."""
    same = {"survey": survey().assign(pay="cash", uses="shop", goal="price", spend=5)}
    folder, out = made(make, frames=same), tmp_path / "leads.csv"
    assert cx("leads", folder, "--out", out)[0] == 0
    assert "persona" not in pd.read_csv(out)


@pytest.mark.parametrize(("name", "message"), [
    ("leads.xlsx", "whom to win is written as a .csv file"), ("none/leads.csv", "there is no folder"),
])  # fmt: skip
def test_where_a_list_may_not_stand(cx, make, tmp_path, name, message):
    status, _, error = cx("leads", made(make), "--out", tmp_path / name)
    assert (status, message in error) == (1, True)


def test_a_seed_below_0_is_refused(cx, make, tmp_path):
    status, _, error = cx("leads", made(make), "--out", tmp_path / "leads.csv", "-p", "seed=-1")
    assert (status, error) == (1, "cx: seed is a whole number from 0 to 4,294,967,295, e.g. 0; found -1\n")


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"rules": [{"question": "age", "answers": [30], "points": 5}]}, "age has no answer 30; a rule names one of "),
        ({"variables": ["city", "city"]}, "the variable city is named twice"),
    ],
)
def test_cx_check_tells_what_would_stop_the_chapter(load, settings, rule):
    study = made(load, **NO_SURVEY, personas=ALONE["personas"] | settings)
    (problem,) = declarations.problems(study)
    assert (problem.table, problem.column) == ("study.yml", "personas")
    assert problem.rule.startswith(rule)


def test_a_spreadsheet_computes_nothing_of_the_list(load, tmp_path):
    changed = prospects()
    changed.loc[0, "id"] = "=1+1"
    study = made(load, **NO_SURVEY, personas=ALONE["personas"], frames={"prospects": changed})
    case = people.people(study)
    leads.write(study, leads.leads(study), people.formed(case, k="3"), tmp_path / "leads.csv")
    assert "'=1+1" in (tmp_path / "leads.csv").read_text(encoding="utf-8-sig")
