"""cx check tells what a report would fail on: declarations that the data contradict.

Oracles: the small studies of iceberg_study and regression_study, broken in one place each.
"""

import iceberg_study
import pytest
import regression_study

from cxlib import declarations


def test_sound_declarations_have_no_problems(load):
    assert declarations.problems(iceberg_study.made(load)) == []
    assert declarations.problems(regression_study.made(load, improvement=regression_study.IMPROVEMENT)) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"severity": ["huge"]}, "no complaint has the severity huge; there are"),
        ({"window": ["2001-01-01", "2001-06-30"]}, "complaints must be dated within the window 2001-01-01 to"),
    ],
)
def test_an_iceberg_that_the_data_contradict(load, changes, rule):
    (problem,) = declarations.problems(iceberg_study.made(load, iceberg=changes))
    assert (problem.table, problem.column) == ("study.yml", "iceberg")
    assert problem.rule.startswith(rule)


def test_an_improvement_in_a_wave_that_is_not_there(load):
    given = regression_study.IMPROVEMENT | {"after": "w9"}
    (problem,) = declarations.problems(regression_study.made(load, improvement=given))
    assert (problem.table, problem.column) == ("study.yml", "improvement")
    assert problem.rule.startswith("improvement.after names w9, which is no wave of the survey; its waves are w1, w2")
