"""Margins of a study: groups by code or label, files, waves, and what is refused.

Oracles: hand calculation and the text of errors.
"""

import pytest

from cxlib import CxError, Study
from cxlib.margins import of_study
from cxlib.weights import rake

TOP = "study: tiny\ntitle: Tiny\nsample: opt_in\n"
TABLE = """
    wave: wave
    questions:
      sex: {role: segment, labels: {f: {en: Female, vi: Nữ}, m: {en: Male, vi: Nam}}}
      city: {role: segment, derive: {region: {North: [hn], South: [hcm, ct]}}}
      age: {role: number, derive: {age_band: [30, 50]}}
"""
DATA = "wave,sex,city,age\n1,f,hn,20\n1,f,hcm,40\n1,m,hn,60\n1,f,ct,35\n2,f,hn,20\n2,m,hcm,40\n2,m,ct,60\n2,f,hn,31\n"


@pytest.fixture
def study(make):
    """study(margins, files): the study with these margins (lines of YAML) and files beside its survey."""

    def write(margins: str, files: dict | None = None, *, table: str = TABLE, data: str = DATA) -> Study:
        top = TOP + "margins:\n" + "".join(f"  - {line}\n" for line in margins.splitlines())
        return Study.load(make(table, {"s.csv": data, **(files or {})}, top=top))

    return write


def margins(study) -> dict:
    return of_study(study, study.survey)


@pytest.mark.parametrize("written", ["{f: 0.5, m: 0.5}", "{Female: 0.5, Nam: 0.5}", "{Nữ: 0.5, m: 0.5}"])
def test_groups_by_code_or_label(study, written):
    """A code or a label in either language stands for the label that the survey holds."""
    assert margins(study(f"{{of: sex, population: {written}}}")) == {"sex": {"Female": 0.5, "Male": 0.5}}


def test_derived_segments_by_their_label(study):
    """Bands and groups are made by study.yml; an empty one is known, a misspelt one is not."""
    found = margins(study("{of: age_band, population: {<30: 30, 30-49: 40, 50+: 30}}"))
    assert found == {"age_band": {"<30": 30, "30-49": 40, "50+": 30}}
    assert margins(study("{of: region, population: {North: 0.4, South: 0.6}}"))["region"] == {
        "North": 0.4,
        "South": 0.6,
    }
    with pytest.raises(CxError, match=r"the margin of age_band: there is no group 30-50; did you mean 30-49\?"):
        margins(study("{of: age_band, population: {<30: 30, 30-50: 40, 50+: 30}}"))


def test_a_crossing_from_a_file(study):
    """Rows are cells; codes and labels may stand in it; the order of columns is that of the margin."""
    rows = "population,sex,region\n100,f,North\n200,Male,North\n300,f,South\n400,Nam,South\n"
    found = margins(study("{of: [region, sex], file: cells.csv}", {"cells.csv": rows}))
    assert found == {
        ("region", "sex"): {
            ("North", "Female"): 100,
            ("North", "Male"): 200,
            ("South", "Female"): 300,
            ("South", "Male"): 400,
        }
    }


def test_a_finer_file_is_added_up(study):
    """One file of cells serves two margins: 100 + 200 in the north, 100 + 300 women."""
    rows = "population,sex,region\n100,f,North\n200,m,North\n300,f,South\n400,m,South\n"
    found = margins(study("{of: sex, file: c.csv}\n{of: region, file: c.csv}", {"c.csv": rows}))
    assert found == {"sex": {"Female": 400, "Male": 600}, "region": {"North": 300, "South": 700}}


def test_a_population_for_each_wave(study):
    """With a column wave the file holds a population for each; raked, the waves' shares are theirs."""
    rows = "wave,sex,population\n1,f,0.5\n1,m,0.5\n2,f,0.25\n2,m,0.75\n3,f,1\n3,m,0\n"
    made = study("{of: sex, file: p.csv}", {"p.csv": rows})
    raked = rake(made.survey, margins(made), by="wave")
    assert raked.weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2, 2 / 3, 0.5, 1.5, 1.5, 0.5])


REFUSED = {
    "column": ("sexe,population\nf,1\nm,2\n", r"p\.csv: a file of a margin needs the column sex; did you mean sexe\?"),
    "population": ("sex,people\nf,1\n", r"p\.csv: a file of a margin needs the column population"),
    "unknown": ("sex,population\nf,1\nother,2\n", r"p\.csv, column sex: there is no group other"),
    "blank": ("sex,population\nf,1\n,2\n", r"p\.csv, column sex: a group must be named in each row; row 2 is blank"),
    "text": (
        "sex,population\nf,1\nm,many\n",
        r"p\.csv, column population: a population is a number.*1 are not, e\.g\. many in row 2 of p",
    ),
    "thousands or decimals": (
        "sex;population\nf;1,000\nm;2,000\n",
        r"^[^ ]*p\.csv, column population: 1,000 may be thousands or decimals; write it without a comma, as 1000 or "
        r"as 1\.000$",
    ),
    "missing": ("sex,population\nf,1\nm,\n", r"p\.csv, column population: a population is a number of 0 or more; 1"),
    "negative": (
        "sex,population\nf,1\nm,-2\n",
        r"p\.csv, column population: .*1 are not, e\.g\. -2 in row 2 of p\.csv",
    ),
    "twice": ("sex,population\nf,1\nm,2\nFemale,3\n", r"p\.csv: row 3 gives Female a second time"),
    "no rows": ("sex,population\n", r"p\.csv: .*at least one row"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_refused(study, name):
    rows, message = REFUSED[name]
    made = study("{of: sex, file: p.csv}", {"p.csv": rows})
    with pytest.raises(CxError, match=message):
        margins(made)


def test_a_label_in_small_letters_is_pointed_to(study):
    made = study("{of: sex, population: {f: 0.5, male: 0.5}}")
    with pytest.raises(CxError, match=r"study\.yml: the margin of sex: there is no group male; did you mean Male\?"):
        margins(made)


def test_a_group_given_twice(study):
    made = study("{of: sex, population: {f: 0.5, Female: 0.2, m: 0.3}}")
    with pytest.raises(CxError, match="the margin of sex: the population of Female is given twice"):
        margins(made)


def test_a_file_that_is_not_there(study):
    with pytest.raises(CxError, match=r"the data file populaton\.csv is not in .*did you mean population\.csv\?"):
        margins(study("{of: sex, file: populaton.csv}", {"population.csv": "sex,population\nf,1\n"}))


def test_waves_in_the_file_and_none_in_the_survey(study):
    table = TABLE.replace("    wave: wave\n", "")
    made = study("{of: sex, file: p.csv}", {"p.csv": "wave,sex,population\n1,f,1\n1,m,1\n"}, table=table)
    with pytest.raises(CxError, match=r"p\.csv: has a column wave, and the survey has no waves"):
        margins(made)


def test_a_wave_without_a_population(study):
    made = study("{of: sex, file: p.csv}", {"p.csv": "wave,sex,population\n1,f,0.5\n1,m,0.5\n"})
    with pytest.raises(CxError, match=r"sex: there is no population for wave 2$"):
        rake(made.survey, margins(made), by="wave")


def test_a_misspelt_wave_is_pointed_to(study):
    """w1 is in both; wave_2 is in the file alone, and may stand for wave2."""
    data = DATA.replace("\n2,", "\nwave2,")
    rows = "wave,sex,population\n1,f,0.5\n1,m,0.5\nwave_2,f,0.5\nwave_2,m,0.5\n"
    made = study("{of: sex, file: p.csv}", {"p.csv": rows}, data=data)
    with pytest.raises(CxError, match=r"there is no population for wave wave2; did you mean wave_2\?"):
        rake(made.survey, margins(made), by="wave")
