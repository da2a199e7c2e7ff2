"""Speeders. Oracles: limits by hand, and the speeders planted in the demo."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import Study, speed

ROOT = Path(__file__).resolve().parent.parent


def test_the_demo():
    """make.py: 120 speeders took 15 to 59 seconds; nobody else took less than 125, and the limit is 125 to 128."""
    study = Study.load(ROOT / "data" / "demo")
    result = speed.speeders(study.survey, fastest=0.3)
    planted = study.survey["seconds"] < 60
    assert planted.sum() == 120
    assert (result.who & planted).sum() == 120
    others = study.survey.loc[result.who & ~planted, "seconds"]
    assert len(others) == 3
    assert others.between(125, 128).all(), "at the edge of the limit: 125 is the shortest clean interview"
    assert result.why == (
        "123 of 8,006 respondents: took less than 30% of the median time of the wave and mode of interview "
        "(125 to 128 seconds; Greszki, Meyer and Schoen 2015)"
    )


def test_limits_by_hand():
    """Groups of 20 have a median of their own; fewer are held against the wave, a small wave against all."""
    online, shop, few = np.arange(1, 31) * 10.0, np.arange(1, 26) * 20.0, np.array([5.0, 1000.0])
    late = np.array([33.0, 400.0])
    frame = pd.DataFrame(
        {
            "wave": ["a"] * 57 + ["b"] * 2,
            "mode": ["online"] * 30 + ["shop"] * 25 + ["phone"] * 2 + ["online"] * 2,
            "seconds": np.r_[online, shop, few, late],
        }
    )
    found = speed.limits(frame, fastest=0.5)
    assert found["limit"].iloc[0] == 0.5 * 155
    assert found["limit"].iloc[30] == 0.5 * 260
    assert found["limit"].iloc[55] == 0.5 * np.median(np.r_[online, shop, few])
    assert found["limit"].iloc[57] == 0.5 * np.median(frame["seconds"])
    assert found["group"].unique().tolist() == ["a · online", "a · shop", "a · phone", "b · online"]
    who = speed.speeders(frame, fastest=0.5).who
    assert who.sum() == 7 + 6 + 1 + 1
    assert who[57]


def test_exactly_at_the_limit_is_no_speeder():
    """Half of the median is not less than half of the median."""
    frame = pd.DataFrame({"seconds": [100.0] * 30 + [50.0, 49.9]})
    assert speed.speeders(frame, fastest=0.5).who.to_numpy().nonzero()[0].tolist() == [31]


def test_no_time_is_not_judged():
    """Blank, 0, negative and infinite times are no times, and are told."""
    frame = pd.DataFrame({"seconds": [100.0] * 30 + [np.nan, 0, -5, np.inf, 1]})
    result = speed.speeders(frame, fastest=0.3)
    assert result.who.to_numpy().nonzero()[0].tolist() == [34]
    assert result.why.endswith("; 4 without a time are not judged")
    assert len(speed.limits(frame, fastest=0.3)) == 31


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (pd.DataFrame({"recommend": [1.0]}), "the survey has no time of interview (`seconds:`)"),
        (pd.DataFrame({"seconds": [np.nan, 0]}), "no respondent has a time of interview above 0 seconds"),
        (pd.DataFrame({"seconds": np.zeros(0)}), "no respondent has a time of interview above 0 seconds"),
    ],
)
def test_nothing_to_check(frame, why):
    """Without times the check is not made, and says why."""
    result = speed.speeders(frame, fastest=0.3)
    assert result.who is None
    assert result.why == f"not checked: {why}"


def test_one_respondent():
    """One respondent is his own median."""
    assert speed.speeders(pd.DataFrame({"seconds": [5.0]}), fastest=0.9).who.tolist() == [False]
