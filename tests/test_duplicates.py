"""Duplicates and near-duplicates.

Oracles: copies planted in simulated answers and in the demo (truth.yml), chances by hand, and simulations of honest
answers, whose duplicates are all of chance.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cxlib import Study, duplicates
from cxlib.chance_twins import Chance, chance
from cxlib.codebook import Table

ROOT = Path(__file__).resolve().parent.parent


def battery(n: int, items: int, *, loading=0.7, cuts=(-1.5, -0.8, 0, 0.8), facts=6, seed=0) -> pd.DataFrame:
    """Honest answers: `items` ratings of one factor, and facts of four equally frequent codes."""
    random = np.random.default_rng(seed)
    latent = loading * random.normal(size=(n, 1)) + np.sqrt(1 - loading**2) * random.normal(size=(n, items))
    frame = pd.DataFrame(np.digitize(latent, cuts) + 1.0, columns=[f"q{i}" for i in range(items)])
    return frame.assign(**{f"fact{i}": random.integers(0, 4, n).astype(float) for i in range(facts)})


def table(frame: pd.DataFrame, **questions) -> Table:
    kinds = {c: {"role": "driver" if c.startswith("q") else "number"} for c in frame if c not in ("wave", "cluster")}
    return Table.model_validate({"file": "s.csv", "questions": kinds | questions})


def found(frame: pd.DataFrame, spec: Table | None = None) -> pd.DataFrame:
    made = duplicates.duplicates(frame, spec or table(frame))
    return pd.DataFrame({check: result.who for check, result in made.items()})


def changed(sheets: pd.DataFrame, answers: int, *, seed=0) -> pd.DataFrame:
    """The sheets with so many answers of each changed to another one."""
    random, x = np.random.default_rng(seed), sheets.to_numpy(copy=True)
    for row in x:
        at = random.choice(len(row), answers, replace=False)
        row[at] = row[at] % 4 + 1
    return pd.DataFrame(x, columns=sheets.columns)


def test_the_copies_of_the_demo():
    """truth.yml: six respondents are copies of another one under an id of their own; nobody else is a copy."""
    study = Study.load(ROOT / "data" / "demo")
    truth = yaml.safe_load((ROOT / "data" / "demo" / "truth.yml").read_text(encoding="utf-8"))
    copies = truth["planted"]["survey"]["near_duplicates"]
    flags = found(study.survey, study.book.tables["survey"])
    assert set(study.survey.loc[flags["duplicate"], "respondent"]) == set(copies)
    assert not flags["near_duplicate"].any()


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_planted_copies_are_found_and_their_originals_kept(answers):
    """30 of 1,000 respondents copied, with 0, 1 and 3 of 36 answers changed: all copies flagged, and nobody else."""
    honest = battery(1000, 30)
    frame = pd.concat([honest, changed(honest.iloc[100:130], answers)], ignore_index=True)
    flags = found(frame)
    check = "duplicate" if answers == 0 else "near_duplicate"
    assert flags[check].to_numpy().nonzero()[0].tolist() == list(range(1000, 1030))
    assert flags.sum().sum() == 30, "a copy is a duplicate or a near-duplicate, not both"


def test_a_sheet_copied_a_hundred_times_does_not_explain_itself():
    """100 copies of one sheet among 1,000 honest ones, each with 2 of 36 answers changed."""
    honest = battery(1000, 30)
    copies = changed(honest.iloc[[7] * 100].reset_index(drop=True), 2)
    flags = found(pd.concat([honest, copies], ignore_index=True)).any(axis=1)
    assert flags[1000:].all()
    assert not flags[:1000].any()


@pytest.mark.parametrize(
    ("items", "options"),
    [
        (40, {"loading": 0.85, "cuts": (0.0,)}),  # yes or no, one factor
        (20, {"loading": 0.8, "cuts": (-2.5, -2, -1.2, -0.5)}),  # most answer the best
        (14, {"loading": 0.9, "cuts": (-2.5, -2, -1.2, -0.5), "facts": 0}),  # … and nothing else is asked
    ],
)
def test_honest_answers_to_a_homogeneous_battery(items, options):
    """85% alone flags hundreds of 1,500 honest respondents (as Simmons et al. found), this rule at most one."""
    frame = battery(1500, items, seed=3, **options)
    matches, _ = duplicates._every_pair(duplicates.sheets(frame, table(frame)).codes)
    assert (matches > 0).sum() > 400
    assert found(frame).sum().sum() <= 1


def test_few_combinations_are_no_copies():
    """Eight questions of yes and no have 256 answer sheets; of 1,000 respondents most share theirs with another."""
    frame = pd.DataFrame(np.random.default_rng(0).integers(0, 2, (1000, 8)).astype(float)).add_prefix("q")
    assert frame.duplicated().sum() > 700
    results = duplicates.duplicates(frame, table(frame))
    assert not results["duplicate"].who.any()
    told = f"; {frame.duplicated().sum():,} more did, but on answers so common that chance explains it"
    assert results["duplicate"].why.endswith(told)


def test_the_chance_of_a_twin_by_hand():
    """Two classes of shares 0.7 and 0.3, two items: at least one and both answers of a sheet, and of a half sheet."""
    model = Chance(np.array([0.7, 0.3]), np.array([[0.9, 0.1, 0.5, 0.5], [0.2, 0.8, 0.4, 0.6]]), np.array([0, 2]))
    both = 0.7 * 0.9 * 0.5 + 0.3 * 0.2 * 0.4
    one = 0.7 * (1 - 0.1 * 0.5) + 0.3 * (1 - 0.8 * 0.6)
    half = 0.7 * 0.9 + 0.3 * 0.2
    sheets, matches = np.array([[0, 0], [0, 0], [0, -1], [0, -1]]), np.array([2, 1, 1, 2])
    np.testing.assert_allclose(model.at_least(sheets, matches), [both, one, half, 0])


def test_without_classes_chances_multiply():
    """Fewer than 200 sheets are one class: with independent answers the chance of a sheet is the product of shares."""
    sheets = np.array(list(product(range(3), range(2), range(2))) * 3)
    model = chance(sheets)
    np.testing.assert_allclose(model.at_least(sheets[:12], np.full(12, 3)), 1 / 12, rtol=0.01)


def test_classes_of_a_simulation_sum_to_the_share_of_twins():
    """Of 4,000 ceiling sheets of one factor, the share that are all 5: expected by the model within a third."""
    frame = battery(4000, 10, loading=0.8, cuts=(-2.5, -2, -1.2, -0.5), facts=0)
    codes = frame.to_numpy(int) - 1
    share = (codes == 4).all(axis=1).mean()
    expected = chance(codes).at_least(np.full((1, 10), 4), np.array([10]))[0]
    assert share > 0.1
    assert expected == pytest.approx(share, rel=1 / 3)


def test_copies_are_sought_within_a_wave():
    """The same sheet in another wave is a respondent who came back."""
    honest = battery(400, 30)
    frame = pd.concat([honest.assign(wave="a"), honest.head(20).assign(wave="b")], ignore_index=True)
    assert not found(frame).any(axis=None)
    assert found(frame.drop(columns="wave"))["duplicate"].sum() == 20


def test_what_a_cluster_shares_is_no_answer():
    """Nine facts of the flight, the same for all on board, and seven answers: too few answers to tell copies."""
    random = np.random.default_rng(0)
    flights = pd.DataFrame(random.integers(0, 50, (40, 9)).astype(float)).add_prefix("fact")
    on_board = np.repeat(np.arange(40), 25)
    answers = pd.DataFrame(random.integers(1, 3, (1000, 7)).astype(float)).add_prefix("q")
    frame = pd.concat([flights.loc[on_board].reset_index(drop=True), answers], axis=1)
    spec = table(frame)
    assert found(frame, spec).any(axis=None), "as if they were answers, people on one flight are copies"
    results = duplicates.duplicates(frame.assign(cluster=on_board), spec)
    assert results["duplicate"].who is None
    assert results["duplicate"].why == "not checked: two sheets can be told to be one from 8 questions on; there are 7"


def test_answers_that_count():
    """A multi question is one answer, a comment its letters, blanks are none; keys and nets are none either."""
    spec = Table.model_validate(
        {
            "file": "s.csv",
            "questions": {
                "a": {"role": "single"},
                "m": {"role": "multi", "nets": {"Any": ["x", "y"]}},
                "why": {"role": "comment"},
            },
        }
    )
    frame = pd.DataFrame(
        {
            "respondent": ["1", "2", "3", "4"],
            "a": pd.Categorical(["Yes", "No", None, "Yes"]),
            "m.x": [1.0, 1.0, np.nan, 0.0],
            "m.y": [0.0, 0.0, np.nan, 1.0],
            "m.Any": [1.0, 1.0, np.nan, 1.0],
            "why": ["So good!", " so  good", " ", None],
        }
    )
    sheets = duplicates.sheets(frame, spec)
    assert sheets.questions == ("a", "m", "why")
    same = sheets.codes[:, None, :] == sheets.codes[None]
    assert same[0, 1].tolist() == [False, True, True]
    assert same[0, 3].tolist() == [True, False, False]
    assert sheets.codes[2].tolist() == [-1, -1, -1]
    assert sheets.codes[3, 2] == -1


def test_many_sheets_are_compared_by_draws(monkeypatch):
    """The draws find what the comparison of all pairs finds: 50 copies with 2 of 36 answers changed, among 3,000."""
    honest = battery(3000, 30)
    frame = pd.concat([honest, changed(honest.iloc[:50], 2)], ignore_index=True)
    every = found(frame)["near_duplicate"]
    monkeypatch.setattr(duplicates, "EVERY_PAIR", 100)
    results = duplicates.duplicates(frame, table(frame))
    drawn = results["near_duplicate"].who
    assert every.sum() == 50
    assert drawn.sum() >= 48
    assert not (drawn & ~every).any()
    assert "with more than 100 sheets only those were compared" in results["near_duplicate"].why


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_anybody(rows):
    """Nobody, one, and two who differ: nothing to flag."""
    frame = battery(1000, 30).head(rows)
    results = duplicates.duplicates(frame, table(frame))
    assert all(result.who is None or not result.who.any() for result in results.values())
    blank = battery(5, 30) * np.nan
    assert duplicates.duplicates(blank, table(blank))["duplicate"].who is None


def test_the_input_is_not_changed():
    """The frame is the same afterwards, also with an odd index."""
    frame = battery(50, 10).set_axis(list("ab") * 25)
    before = frame.copy()
    who = duplicates.duplicates(frame, table(frame))["duplicate"].who
    pd.testing.assert_frame_equal(frame, before)
    assert who.index.equals(frame.index)
