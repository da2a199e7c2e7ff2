"""Counts of 1 to 4: what is hidden, and that nobody can work it out from what is published.

Oracles: every table of whole numbers that agrees with what is published, listed one by one (brute force); and an
attacker who solves for each hidden cell (linear programming) in the published tables.
"""

import itertools
import re
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chapter_cells import published
from iceberg_study import LOSSES, MONEY, made
from scipy import optimize

from cxlib import (
    Study,
    cost,
    damage,
    few,
    inside,
    journey,
    journey_study,
    leagues,
    levers,
    losses,
    results,
    silence,
    suppression,
    survey,
    tables,
    text,
)
from cxlib import complaints as filed
from cxlib.estimate import Estimate
from cxlib.report import each_page
from cxlib.report.brand import Brand
from cxlib.report.each import Entry
from cxlib.sentences import iceberg as say
from cxlib.sentences import inside as say_inside
from cxlib.suppression import LEAST, WITHHELD, hidden, in_list, in_table, small

DEMO = Path(__file__).resolve().parent.parent / "data" / "demo"
LISTED = 20_000  # tables, at most
DRAWN = np.random.default_rng(12)


def sums_of(counts: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """The totals of all rows and columns."""
    places = np.arange(counts.size).reshape(counts.shape)
    return [*zip(counts.sum(axis=1), places, strict=True), *zip(counts.sum(axis=0), places.T, strict=True)]


def possible(counts: np.ndarray, out: np.ndarray, sums) -> dict[int, set[int]]:
    """What each hidden cell is in any table of whole numbers above 0 that agrees with the rest: all are listed.

    Nothing where there are too many to be listed.
    """
    flat, unknown = counts.ravel(), [int(place) for place in np.flatnonzero(out)]
    lines = [([p for p in unknown if p in parts], sum(flat[p] for p in parts if p in unknown)) for _, parts in sums]
    most = [min(left - len(parts) + 1 for parts, left in lines if place in parts) for place in unknown]
    if np.prod(most, dtype=float) > LISTED:
        return {}
    found = {place: set() for place in unknown}
    for guess in itertools.product(*(range(1, top + 1) for top in most)):
        values = dict(zip(unknown, guess, strict=True))
        if all(sum(values[p] for p in parts) == left for parts, left in lines):
            for place, value in values.items():
                found[place].add(value)
    return found


def solved(place: int, unknown: list[int], lines) -> tuple[float, float]:
    """An attacker's least and most of a hidden cell: `lines` are (places of unknown parts, what they come to)."""
    rows = np.array([[float(p in parts) for p in unknown] for parts, _ in lines])
    goal = np.array([float(p == place) for p in unknown])
    how = {"A_eq": rows, "b_eq": [total for _, total in lines], "bounds": (1, None)}
    ends = [optimize.linprog(sign * goal, **how) for sign in (1, -1)]
    return ends[0].fun, np.inf if ends[1].status == 3 else -ends[1].fun


# -- which cells are hidden ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "out"),
    [
        ([5, 9, 30], []),
        ([0, 9, 30], []),  # a zero tells of nobody
        ([4, 9, 30], [0, 1]),  # the total less 30 and 9 would be 4
        ([4, 3, 30], [0, 1]),  # 7 together: each may be 1 to 6
        ([2, 1, 9, 30], [0, 1, 2]),  # 3 together would be 1 and 2
        ([1, 0, 4, 0, 5, 6], [0, 2, 4]),  # 5 together: neither could be 5
        ([3], [0]),
        ([2, 2], [0, 1]),
        ([0, 0], []),
    ],
)
def test_lists_by_hand(counts, out):
    assert np.flatnonzero(in_list(counts)).tolist() == out
    general = hidden(counts, [(sum(counts), range(len(counts)))])
    assert np.flatnonzero(general).tolist() == out


def test_what_stands_elsewhere_is_not_hidden():
    assert few.in_list([4, 9, 30], known=[1]) == [True, False, True]
    assert hidden([4, 9, 30], [(43, range(3))], known=[1]).tolist() == [True, False, True]


def test_a_total_that_is_a_cell_may_be_hidden_in_place_of_a_part():
    """By hand: of 3 and 40 of 43 the total is shown nowhere else; hiding 40 or 43 serves, and 40 is less."""
    assert hidden([43, 3, 40], [(-1, [1, 2])]).tolist() == [False, True, True]
    assert hidden([43, 3, 40], [(-1, [1, 2])], known=[2]).tolist() == [True, True, False]


def test_two_way_tables_against_every_table_that_agrees():
    listed = 0
    for _ in range(60):
        counts = DRAWN.poisson(6, size=(2, 3))
        out, sums = in_table(counts), sums_of(counts)
        assert out[small(counts)].all()
        assert not out[counts == 0].any()
        for place, values in possible(counts, out, sums).items():
            inside = [parts for _, parts in sums if place in parts]
            spent = all((out.ravel()[parts] | (counts.ravel()[parts] == 0)).all() for parts in inside)
            if small(counts.ravel()[place]) and not spent:
                assert values >= set(range(1, LEAST + 1))
                listed += 1
    assert listed > 20


def test_hundreds_of_tables_withstand_the_attacker():
    """Where cells that can be hidden are left, no cell of 1 to 4 is told better than 1 to 5."""
    attacked = 0
    for _ in range(30):
        counts = DRAWN.poisson(DRAWN.choice([6, 9, 14]), size=DRAWN.integers(2, 6, 2))
        out, sums = in_table(counts), sums_of(counts)
        unknown = [int(place) for place in np.flatnonzero(out)]
        flat = counts.ravel()
        lines = [([p for p in parts if p in unknown], total - sum(flat[p] for p in parts if p not in unknown))
                 for total, parts in sums]  # fmt: skip
        for place in np.flatnonzero(small(counts)):
            low, high = solved(int(place), unknown, [line for line in lines if line[0]])
            free = [p for _, parts in sums if place in parts for p in parts if p not in unknown and flat[p]]
            assert not free or (low <= 1 + 1e-6 and high >= LEAST - 1e-6)
            assert suppression.feasible(int(place), counts.ravel(), out.ravel(), sums) == pytest.approx((low, high))
            attacked += 1
    assert attacked > 25


def test_a_table_without_small_counts_hides_nothing():
    assert not in_table(DRAWN.integers(5, 50, (6, 6))).any()


def test_cells_that_stand_nowhere_protect_for_nothing():
    """By hand: with two of nine cells published the others leave the 3 free; with all but one it is a difference."""
    counts = np.array([[3, 9, 12], [8, 20, 30], [15, 16, 17]])
    nowhere = np.ones((3, 3), bool)
    nowhere[0, 0] = nowhere[1, 1] = False
    assert np.argwhere(in_table(counts, unpublished=nowhere)).tolist() == [[0, 0]]
    assert in_table(counts, unpublished=np.eye(3) > 2).sum() == 4
    assert in_table(counts, unpublished=[[False, True, False], [False] * 3, [False] * 3]).sum() > 1


def test_a_part_tells_of_who_is_not_in_it():
    assert suppression.tells([3, 5, 121, 0, 125, 60, 2], [125, 125, 125, 125, 125, 125, 3]).tolist() == [
        True, False, True, False, False, False, True,
    ]  # fmt: skip


# -- how it is printed and recorded ----------------------------------------------------------------------------------


def test_what_is_withheld_is_neither_printed_nor_recorded():
    frame = pd.DataFrame(
        {
            "group": ["a", "b", "c"],
            "estimate": [3.2, 8.0, 50.0],
            "low": [1.0, 5.0, 40.0],
            "high": [9.0, 12.0, 60.0],
            "n": [125, 3, 200],
            "n_effective": [125.0, 3.0, 200.0],
        }
    )
    frame = suppression.withhold(frame, [True, False, False], ["estimate", "low", "high"])
    frame = suppression.withhold(frame, [False, True, False], ["n", "n_effective"])
    made_of = tables.record(frame, caption="T", unit="percent")
    assert WITHHELD not in made_of["columns"]
    assert made_of["printed"]["rows"] == [
        ["a", "[c]", "[c]", "125", "125"],
        ["b", "**", "**", "[c]", "[c]"],
        ["c", "50.0%", "40.0 to 60.0%", "200", "200"],
    ]
    assert made_of["rows"][0] == ["a", None, None, None, 125, 125]
    assert made_of["rows"][1] == ["b", None, None, None, None, None]
    assert made_of["note"] == (
        "** base under 30: not reported. [c] confidential: a count under 5, or one that would tell such a count."
    )


def test_a_number_on_fewer_than_five_answers_does_not_say_on_how_many():
    fields, plain, page = results.number_shown(Estimate("NPS", 50.0, 0.0, 90.0, 20.0, 3, 3.0, "points", 0.95, "Wilson"))
    assert fields["n"] is None
    assert fields["n_effective"] is None
    assert fields["printed"]["base"] == "fewer than 5 answers"
    assert "3" not in plain
    assert "3" not in re.sub("<[^>]+>", "", page)


# -- complaints ------------------------------------------------------------------------------------------------------


def case_of(study, **how):
    return silence.silence(study, filed.declared(study, **how))


def register(*ends: tuple[str, int], day="2026-05-05") -> pd.DataFrame:
    """So many complaints of different customers with each end."""
    ended = [end for end, number in ends for _ in range(number)]
    rows = {"who": [f"c{i}" for i in range(len(ended))], "day": day, "via": "phone", "weight": "x", "end": ended}
    return pd.DataFrame(rows)


def test_steps_from_complaints_to_complainers_do_not_tell_the_small_ones(load):
    """By hand: of 17 complaints 1 has no key, 2 lie outside, 2 come again and 12 remain, which is shown elsewhere."""
    shown = case_of(made(load)).complainers.shown["complaints"]
    assert np.isnan(shown.iloc[[0, 1, 2, 3]]).all()  # 1 + 2 + 2 are 5, and beside 17 none of them could be 5
    assert shown.iloc[-1] == 12


@pytest.mark.parametrize("number", [1, 4])
def test_of_one_to_four_complainers_nothing_tells_how_many(load, monkeypatch, number):
    study = made(load, iceberg={"losses": LOSSES, "segments": ["city"]} | MONEY,
                 frames={"complaints": register(("satisfied", number))})  # fmt: skip
    case = case_of(study)
    assert case.silent is None
    found = published(monkeypatch, "01_complaint_iceberg.ipynb", study.folder, {})
    assert not [name for name in found if name.startswith(("number", "figure", "table by_", "table readings"))]
    assert found["finding undeclared"]["text"] == (
        "There is no estimate of silent customers: fewer than 5 customers complained within the definition, and it "
        "would tell how many."
    )
    assert found["finding complainers"]["text"] == "Fewer than 5 different customers complained within the definition."
    steps = found["table steps"]
    assert {row[1] for row in steps["rows"]} == {None}
    assert found["table evidence"]["printed"]["rows"][0][2] == "–"


def test_five_complainers_are_told(load):
    found = case_of(made(load, frames={"complaints": register(("satisfied", 5))}))
    assert found.silent.n == 5
    assert "5 different customers, 1.00 complaints each" in say.steps(found)["complainers"]


@pytest.mark.parametrize(
    ("ends", "together"),
    [
        ((("satisfied", 6), ("mollified", 6), ("dissatisfied", 6)), False),
        ((("satisfied", 6), ("mollified", 6)), False),
        ((("satisfied", 6), ("mollified", 2), ("dissatisfied", 6)), True),
        ((("satisfied", 6), ("mollified", 6), ("dissatisfied", 6), ("", 3)), True),  # the rest of the total
    ],
)
def test_ends_of_complaints_are_told_apart_where_none_is_small(load, ends, together):
    study = made(load, iceberg={"losses": LOSSES} | MONEY, frames={"complaints": register(*ends)})
    case = case_of(study)
    lost = losses.loss_rates(study, case.definition)
    whole = cost.cost(case, lost)
    assert whole.few == together
    apart = ["silent", "complained", "all"] if together else ["silent", *damage.OUTCOMES, "all"]
    assert damage.by_fate(whole)["fate"].tolist() == apart
    assert levers.levers(whole).empty == levers.break_even(whole).empty == together
    assert len(levers.one_way(whole, case.rate)) == (2 if together else 5)
    assert len(damage.at_risk(whole, study.book.iceberg.word_of_mouth)) == (3 if together else 4)
    if together:
        rows = damage.by_fate(whole).set_index("fate")
        assert rows.loc["complained", "customers"] == pytest.approx(sum(number for _, number in ends))
        assert rows.loc["all", "customers"] >= rows.loc["silent", "customers"]


def rates(**measured) -> pd.DataFrame:
    """losses.loss_rates() of so many lost and followed."""
    rows = [{"fate": fate, "estimate": 100 * lost / n if n >= 30 else np.nan, "low": 1.0, "high": 99.0, "se": 1.0,
             "n": float(n), "n_weighted": float(n), "n_effective": float(n),
             "source": "measured" if n >= 30 else "none"} for fate, (lost, n) in measured.items()]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_share_of_complainers_who_left_may_tell_of_few():
    """By hand: 2.4% of 125 are 3; of 40 all but 2 left; 3 of respondents are no complainers."""
    found = damage.shown_rates(
        rates(silent=(3, 100), satisfied=(3, 125), mollified=(38, 40), dissatisfied=(0, 3)), None
    )
    assert found["estimate"].isna().tolist() == [False, True, True, True]
    assert found["n"].isna().tolist() == [False, False, False, True]
    assert not damage.few_lost(rates(satisfied=(0, 125), mollified=(40, 40), dissatisfied=(20, 40))).any()


def test_complainers_by_segment_sum_to_a_total_that_is_told(load):
    """By hand: c0 to c8 of whom 5 live in the North: 4 in the South would follow from 9."""
    found = silence.by_segment(case_of(made(load, frames={"complaints": register(("satisfied", 9))})), ["city"])
    assert found["complainers"].isna().all()
    assert found[["raw_silent", "estimate", "low", "high"]].isna().all(axis=None)
    more = silence.by_segment(case_of(made(load, frames={"complaints": register(("satisfied", 10))})), ["city"])
    assert more["complainers"].tolist() == [5, 5]


def test_months_and_channels_with_few_complainers_are_not_shown(load):
    days = [f"2025-{m:02d}-{d:02d}" for m in range(1, 11) for d in range(1, 8)]
    rows = register(("satisfied", len(days))).assign(day=days)
    every = silence.monthly(case_of(made(load, frames={"complaints": rows}, iceberg={"window": None})))
    assert every["count"].tolist() == [7] * len(every)
    fewer = rows[~((rows["day"] > "2025-04-03") & (rows["day"] < "2025-05"))]
    none = silence.monthly(case_of(made(load, frames={"complaints": fewer}, iceberg={"window": None})))
    assert none.empty
    assert WITHHELD in none
    assert WITHHELD in silence.unseen(case_of(made(load)))  # two customers are in two channels


# -- staff and named places ------------------------------------------------------------------------------------------


def sales(**won: tuple[int, int]) -> pd.DataFrame:
    """Offers of employees: how many were won, of how many."""
    rows = [(name, int(i < first)) for name, (first, n) in won.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["employee", "won"])


def test_an_employee_with_few_won_offers_is_no_part_of_the_league():
    case = types.SimpleNamespace(minimum_base=30, confidence=0.95)
    offers = {"Ann": (20, 40), "Bob": (24, 40), "Cho": (17, 45), "Dan": (3, 40), "Eve": (38, 40), "Fay": (2, 3)}
    table = leagues._rate(case, "league_offers", "Offers", leagues.EMPLOYEE, sales(**offers), "won", 0)
    rows = leagues.rows(table).set_index("name")
    assert rows.index[rows["pooled"].notna()].tolist() == ["Bob", "Ann", "Cho"]
    assert rows.loc[["Dan", "Eve"], leagues.NUMBERS].isna().all(axis=None)
    assert rows.loc[["Dan", "Eve"], "n"].tolist() == [40, 40]
    assert np.isnan(rows.loc["Fay", "n"])
    # they are not in the model either: it is the same as without them
    kept = sales(**{name: offers[name] for name in ("Ann", "Bob", "Cho", "Fay")})
    same = leagues.rows(leagues._rate(case, "x", "Offers", leagues.EMPLOYEE, kept, "won", 0)).set_index("name")
    assert rows["pooled"].dropna().tolist() == same["pooled"].dropna().tolist()
    printed = tables.record(leagues.rows(table)[["name", "rank", "pooled", "low", "high", "n", WITHHELD]], caption="L")
    assert ["Dan", "[c]", "[c]", "[c]", "40"] in printed["printed"]["rows"]
    assert ["**", "[c]"] in [row[-2:] for row in printed["printed"]["rows"] if row[0] == "Fay"]


def test_reasons_of_an_employee_do_not_tell_each_other():
    """Two reasons whose shares add up: 3 of 33 are 33 less 30; an attacker who adds up rows and columns finds none."""
    counts = pd.DataFrame({"near": [3, 14, 15, 20], "price": [30, 16, 25, 11], "staff": [10, 12, 9, 18]}, list("ABCD"))
    rows = [(e, reason, 1) for e in counts.index for reason in counts for _ in range(counts.loc[e, reason])]
    offers = pd.DataFrame(rows, columns=["employee", "reason", "won"])
    study = types.SimpleNamespace(has=lambda _: True, table=lambda _: offers)
    case = types.SimpleNamespace(study=study, minimum_base=30, confidence=0.95)
    found = leagues.reasons(case)
    gone = found[found["estimate"].isna()]
    assert ("A", "near") in set(zip(gone["employee"], gone["reason"], strict=True))
    assert len(gone) == 4  # with another reason of A, and both of another employee
    assert gone[["others", "difference", "p_adjusted"]].isna().all(axis=None)
    assert found["estimate"].isna().tolist() == sorted(found["estimate"].isna())  # they stand last
    out = {(row.employee, row.reason) for row in gone.itertuples()}
    unknown = sorted(out)
    ways = [[cell for cell in unknown if cell[side] == name]
            for side, names in ((0, counts.index), (1, counts.columns)) for name in names]  # fmt: skip
    lines = [([unknown.index(cell) for cell in parts], sum(counts.loc[cell] for cell in parts))
             for parts in ways if parts]  # fmt: skip
    low, high = solved(unknown.index(("A", "near")), list(range(len(unknown))), lines)
    assert low <= 1 + 1e-6
    assert high >= LEAST


PAGE = types.SimpleNamespace(minimum_base=30, tables={"survey": None}, title="T", client="", words=lambda words: words)


def test_the_page_over_all_branches_does_not_tell_a_small_one(monkeypatch):
    """By hand: 3 respondents, and the 8 who would tell them beside the total of the whole."""
    monkeypatch.setattr(each_page.parts, "column_label", lambda *_: "Branch")
    entries = [Entry(name, n, name, {}) for name, n in (("a", 3), ("b", 8), ("c", 40), ("d", 41))]
    look = Brand("#123456", "#000000", "#ffffff", None, "", None, "", "")
    page = each_page.page(entries, PAGE, "branch", look).decode()
    cells = re.findall(r'<td class="num"([^>]*)>([^<]*)</td>', page)
    assert cells == [("", "[c]"), ("", "[c]"), (' data-sort="40"', "40"), (' data-sort="41"', "41")]
    assert "[c] confidential: a count under 5" in page
    assert few.in_list([3, 8, 40, 41]) == [True, True, False, False]


def test_parts_and_keys_are_named_places_by_their_role(load):
    questions = (
        "    questions:\n      recommend: {role: metric, metric: nps}\n"
        "      ort: {role: segment, attribute: geographic}\n"
        "      filiale: {role: segment}\n      sex: {role: segment}\n"
    )
    table = f"tables:\n  survey:\n    file: s.csv\n    respondent: id\n    cluster: filiale\n{questions}"
    rows = [(i, 10 if i % 3 else 0, "xy"[i % 2], "abc"[min(i // 40, 2)], "fm"[i % 2]) for i in range(83)]
    data = {"s.csv": pd.DataFrame(rows, columns=["id", "recommend", "ort", "filiale", "sex"]).to_csv(index=False)}
    study = load(table, data)
    assert suppression.of_place(study, "filiale")
    assert not suppression.of_place(study, "sex")
    assert not suppression.of_place(study, "ort")
    counts = survey.sample(study, None, ["filiale"])
    assert counts["count"].isna().tolist() == [True, False, True]  # 40, 40, 3
    assert survey.sample(study, None, ["sex"])["count"].tolist() == [42, 41]
    scores = survey.by_segment(study, None, ["filiale"])
    assert scores["n"].isna().tolist() == [True, False, True]


def test_a_team_of_three_is_not_counted(load):
    questions = "{recommend: {role: metric, metric: nps}, care: {role: driver, scale: [1, 5]}}"
    table = (
        f"tables:\n  survey: {{file: s.csv, respondent: id, questions: {questions}}}\n"
        "  staff: {file: t.csv, respondent: id, team: team, questions: {care: {role: driver, scale: [1, 5]}}}\n"
    )
    asked = pd.DataFrame([(i, i % 11, 1 + i % 5) for i in range(60)], columns=["id", "recommend", "care"])
    team = pd.DataFrame([(i, "ab"[i > 2], 1 + i % 5) for i in range(43)], columns=["id", "team", "care"])
    study = load(table, {"s.csv": asked.to_csv(index=False), "t.csv": team.to_csv(index=False)})
    found = inside.gaps(study)
    assert found.groupby("team")["n"].first().isna().tolist() == [True, False]
    assert say_inside.gaps(study, found, confidence=0.95)["inside_1"] == "A: not reported, [c] answers are too few."


# -- the journey -----------------------------------------------------------------------------------------------------


def test_a_stage_does_not_tell_what_its_touchpoints_do_not(monkeypatch):
    """By hand: of a stage with 40 who complained 3 did at one touchpoint and 37 at the other."""
    spots = pd.DataFrame({"stage": ["buy", "buy", "use", "use", "ask"], "touchpoint": list("vwxyz"), "channel": "c",
                          "filed": [3, 37, 20, 30, 2]})  # fmt: skip
    stages = spots.groupby("stage", as_index=False)["filed"].sum()

    def counted(log, level, *_):
        frame = stages if level == "stage" else spots
        return frame.assign(complaint=frame["filed"] / 10, complaint_n=1000).drop(columns="filed")

    monkeypatch.setattr(journey, "_complaints", counted)
    assert journey.few_complaints(None, None) == {
        "stage": {("ask",)},
        "touchpoint": {("buy", "v", "c"), ("buy", "w", "c"), ("ask", "z", "c")},
    }


# -- the demo --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


def test_the_demo_s_complainers_by_segment_withstand_the_attacker(demo):
    """96 complainers in all, which is told, in two lists by segment; 4 of 55 and over, and 9 who would tell them."""
    rows = silence.by_segment(case_of(demo), ["channel", "age_band"])
    assert rows["group"][rows["complainers"].isna()].tolist() == ["45-54", "55+"]
    unknown = list(rows.index[rows["complainers"].isna()])
    left = 96 - rows.loc[rows["name"] == "age_band", "complainers"].sum()
    for place in unknown:
        low, high = solved(place, unknown, [(unknown, left)])
        assert low <= 1
        assert high >= LEAST
    printed = tables.record(rows, caption="S", minimum_base=0)["printed"]["rows"]
    assert sum(row.count(text.CONFIDENTIAL) for row in printed) == 8


def test_the_demo_s_journey_and_offers_tell_of_no_four(demo):
    """Every share of the touchpoints' complainers and of the reasons of offers, times its base, is 0 or 5 and more."""
    case = journey_study.case(demo)
    found = journey_study.facts(case, only=["stages", "touchpoints"])
    for frame in (found.stages, found.touchpoints):
        told = (frame["complaint"] / 100 * frame["complaint_n"]).round()
        assert told.isna().any()
        assert not small(told).any()
    # what a stage has beyond a touchpoint that is told would tell of the other
    whole = found.stages.set_index("stage")["complaint"]
    for stage, spots in found.touchpoints.groupby("stage"):
        assert pd.isna(whole[stage]) or spots["complaint"].isna().sum() != 1
    reasons = leagues.reasons(case)
    won = (reasons["estimate"] / 100 * reasons["n"]).round()
    assert won.isna().any()
    assert not small(won).any()
    assert not small(reasons["n"]).any()
