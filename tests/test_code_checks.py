"""Codes that are no answers, against counts by hand and the airport's known numbers."""

from pathlib import Path

import pytest

from cxlib import Study, code_checks

ROOT = Path(__file__).resolve().parents[1]
SFO = ROOT / "../shared/data/sfo"
TOP = "study: tiny\ntitle: Tiny\nsample: quota\nminimum_base: 2\n"
TABLE = """
respondent: id
questions:
  recommend: {role: metric, metric: nps, scale: [0, 10], missing: [11, refused, 5]}
  staff: {role: driver, scale: [1, 5], missing: [0, 9], never_used: [9]}
"""
DATA = "id,recommend,staff\n" + "\n".join(
    f"{i},{r},{s}"
    for i, (r, s) in enumerate(
        [(9, 1), (10, 9), (8, 9), (3, 0), (11, 2), (11, 3), ("refused", 4), (5, 5), (9, 3), ("", 2)]
    )
)


def test_codes_and_what_counting_them_would_do(load):
    """Of 5 answers 3 promote and 1 detracts: NPS 40. With both 11 as 10: (5 - 1) / 7; with the 5: (3 - 2) / 6."""
    found = code_checks.outside(load(TABLE, DATA, top=TOP)).set_index(["name", "code"])
    eleven, five, words = (found.loc[("recommend", code)] for code in ("11", "5", "refused"))
    assert (eleven["place"], five["place"], words["place"]) == ("outside the scale", "on the scale", "no number")
    assert (eleven["n_with"], eleven["n"], eleven["estimate"]) == (2, 10, 20)
    assert eleven["without"] == pytest.approx(40)
    assert (eleven["counted_as"], eleven["counted"]) == (10, pytest.approx(400 / 7))
    assert eleven["change"] == pytest.approx(400 / 7 - 40)
    assert (five["counted_as"], five["counted"]) == (5, pytest.approx(100 / 6))
    assert words[["counted_as", "counted", "change"]].isna().all()
    nine = found.loc[("staff", "9")]
    assert (nine["n_with"], bool(nine["never_used"]), nine["place"]) == (2, True, "outside the scale")
    assert found.loc[("staff", "9")][["metric", "without"]].isna().all()


def test_no_such_codes_no_rows(load):
    table = "respondent: id\nquestions:\n  n: {role: metric, metric: nps, scale: [0, 10], missing: [11]}\n"
    assert code_checks.outside(load(table, "id,n\n1,9\n2,8\n", top=TOP)).empty


@pytest.mark.skipif(not SFO.is_dir(), reason="the airport survey is not beside the project")
def test_the_airports_blank_counted_as_a_promoter():
    """2018, by hand from the file's counts: (1,268 - 447) / 2,650 = 31.0; with the 159 blanks (1,427 - 447) / 2,809."""
    study = Study.load(ROOT / "data/sfo", data=SFO)
    found = code_checks.outside(study, design={})
    row = found[(found["name"] == "recommend") & (found["wave"] == "2018")].iloc[0]
    assert (row["code"], row["n_with"], row["counted_as"]) == ("11", 159, 10)
    assert row["without"] == pytest.approx(100 * 821 / 2650)
    assert row["counted"] == pytest.approx(100 * 980 / 2809)
    assert (round(row["without"], 1), round(row["counted"], 1)) == (31.0, 34.9)
