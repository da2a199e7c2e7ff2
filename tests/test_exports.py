"""Exports of survey tools: what their header rows say, on small files written by hand and on real exports.

Oracles: the module csv, which counts rows and reads headers without this project; the exports' own README; and the
definition (.qsf) that belongs to one of them. The real files stand outside the project: tests of them skip without.
"""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from cxlib import CxError
from cxlib.columns import parted
from cxlib.exports import refuse_crosstab, separator
from cxlib.readers import read_table, without_missing

DATA = Path(__file__).parents[2] / "shared/data"


@pytest.fixture
def real():
    """real(name): a real export, read; the test is skipped where it is not there."""

    def read(name: str):
        path = DATA / name
        if not path.is_file():
            pytest.skip(f"needs {name}, which is not part of this project")
        return read_table(path)

    return read


@pytest.fixture
def export(tmp_path):
    """export(text, name="s.csv"): those bytes or that text as a file, read."""

    def read(text, name="s.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path)

    return read


def variable(answers, name):
    return {k: v for k, v in vars(answers.variables[name]).items() if v not in ("", {}, ())}


# file, kind, rows, columns; rows and columns counted by csv.reader, and as the data's README says
FILES = [
    ("qualtrics/QT_Long_Exhaustive_Sample_Survey.csv", "qualtrics", 31, 367),
    ("qualtrics/QT_No_Basis_for_Evaluation (Insights).csv", "qualtrics", 15, 49),
    ("qualtrics/QT_No_Basis_for_Evaluation (Legacy).csv", "qualtrics_legacy", 15, 48),
    ("qualtrics/QT_Sample_Survey (Insights).csv", "qualtrics", 5, 190),
    ("qualtrics/QT_Sample_Survey_legacy.csv", "qualtrics_legacy", 5, 189),
    ("qualtrics/qualtRics_sample.csv", "qualtrics", 1, 20),
    ("qualtrics/qualtRics_sample_legacy.csv", "qualtrics_legacy", 1, 15),
    ("surveymonkey/StarWars.csv", "surveymonkey", 1186, 38),
    ("surveymonkey/flying-etiquette.csv", "surveymonkey", 1040, 27),
    ("surveymonkey/food-world-cup-data.csv", "surveymonkey", 1373, 48),
    ("surveymonkey/masculinity_raw-responses.csv", "csv", 1615, 98),
    ("surveymonkey/thanksgiving-2015-poll-data.csv", "surveymonkey", 1058, 65),
    ("limesurvey/RSE_2016_uk_public_data.csv", "limesurvey", 273, 67),
    ("limesurvey/RSE_2017_uk_public_data.csv", "limesurvey", 253, 245),
    ("dask/2019-user-survey-results.csv", "google_forms", 259, 24),
    ("dask/2020-user-survey-results.csv", "google_forms", 239, 25),
    ("dask/2021-user-survey-results.csv", "google_forms", 247, 43),
    ("segmentation/marketing_campaign.csv", "csv", 2240, 29),
    ("telco_churn/Telco-Customer-Churn.csv", "csv", 7043, 21),
    ("baggage/baggagecomplaints.csv", "csv", 252, 8),
    *((f"sfo/{year}_SFO_Customer_Survey_20250817.csv", "csv", rows, columns) for year, rows, columns in (
        (2010, 3234, 100), (2011, 3872, 68), (2012, 3521, 61), (2013, 3535, 95), (2014, 2818, 94), (2015, 2958, 88),
        (2016, 3087, 97), (2017, 2831, 97), (2018, 2809, 97))),
]  # fmt: skip
HEADERS = {"qualtrics": 3, "qualtrics_legacy": 2}


@pytest.mark.parametrize(("name", "kind", "rows", "columns"), FILES, ids=[f[0] for f in FILES])
def test_real_exports_are_read_whole_and_taken_for_respondents(real, name, kind, rows, columns):
    found = real(name)
    assert (found.kind, found.frame.shape) == (kind, (rows, columns))
    refuse_crosstab(found, DATA / name)
    text = (DATA / name).read_bytes()
    text = text.decode("cp1252" if "StarWars" in name or "food" in name else "utf-8-sig")
    counted = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if "marketing" in name else ","))
    heads = HEADERS.get(kind, 2 if "StarWars" in name else 1)
    assert len([row for row in counted if row]) - heads == rows
    # A nameless last column that is blank everywhere is a comma at the end of each line.
    assert len(counted[0]) - (columns != len(counted[0])) == columns
    assert not any(row[-1] for row in counted if len(counted[0]) != columns)
    assert set(found.variables) == set(found.frame.columns)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("demographics", 7043, 9), ("location", 7043, 10), ("population", 1671, 3), ("status", 7043, 12)],
)
def test_real_workbooks_are_read_whole(real, name, rows, columns):
    found = real(f"telco_churn/Telco_customer_churn_{name}.xlsx")
    assert (found.kind, found.frame.shape) == ("excel", (rows, columns))
    refuse_crosstab(found, Path(name))


REFUSED = {
    "surveymonkey/NFL_fandom_data-surveymonkey.csv": "a finished table, not respondents: its rows are groups, e.g. "
    "Arizona Cardinals, and it has a row Grand Total that is the sum of the others; columns of totals (Tot. "
    "Respondents); 5 columns of percentages; headings over several columns (Democrat, Independent, "
    "Republican); export the answers with a row a respondent",
    "sfo/DataDictionary_SFO_2017_code_list_and_field_guide.pdf": "is a PDF document; a table of respondents is "
    "exported from the survey tool",
    "qualtrics/QT_Sample_Survey.qsf": "is a Qualtrics survey's definition (.qsf), not its answers; export the "
    "answers as CSV or .xlsx",
    "cdnow/CDNOW_master.txt": "its 4 columns are parted by blanks (a file of fixed widths), as in line 2: 00001 "
    "19970101  1   11.77; save it with commas, e.g. from a spreadsheet",
    "cdnow/CDNOW_sample.txt": "its 5 columns are parted by blanks (a file of fixed widths), as in line 2: 00004 0001 "
    "19970118  2   29.73; save it with commas, e.g. from a spreadsheet",
}


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_holds_no_respondents_is_refused_with_its_reason(real, name, reason):
    with pytest.raises(CxError) as caught:
        refuse_crosstab(real(name), DATA / name)
    assert str(caught.value) == f"{DATA / name}: {reason}"


def test_a_survey_that_is_a_crosstab_is_refused(error):
    data = "Team,All,Men,Women,Men %\nA,30,10,20,33%\nB,70,35,35,50%\nTotal,100,45,55,45%\n"
    assert error("questions:\n  Men: {role: number}", data) == (
        "DIR/s.csv: a finished table, not respondents: its rows are groups, e.g. B, and it has a row Total that is the "
        "sum of the others; columns of totals (All); export the answers with a row a respondent"
    )


@pytest.mark.parametrize(
    "data",
    [
        "brand,score\nTotal,9\nShell,7\nTotal,10\n",  # a petrol company
        "who,discount,growth\na,10%,5%\nb,20%,7%\n",
        "who,total,score\na,3,2\nb,5,4\n",
    ],
)
def test_one_sign_alone_makes_no_crosstab(export, data):
    refuse_crosstab(export(data), Path("s.csv"))


QUALTRICS = """\
StartDate,Q1,Q2_1,Q2_2,Q2_2_TEXT,Q3_1,Q3_2,branch
Startdatum,<b>Wie&nbsp;war's?</b>,Was? - Preis,Was? - Sonst,Was? - Sonst - Text,Wie gut: - Team,Wie gut: - Preis,branch
{startDate},{QID1},{QID2_1},{QID2_2},{QID2_2_TEXT},{QID3_1},{QID3_2},{branch}
2026-01-31 10:00:00,9,1,,,5,-1,Huế
2026-01-31 10:05:00,-1,,1,Lärm,4,3,Huế
2026-01-31 10:09:00,3,1,1,,-2,3,Hà Nội
"""


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_three_header_rows_in_any_language(export, quote, mark):
    lines = (mark + QUALTRICS).splitlines()
    cells = [f"{{{quote}ImportId{quote}: {quote}{cell.strip('{}')}{quote}}}" for cell in lines[2].split(",")]
    lines[2] = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    found = export("\n".join(lines) + "\n")
    assert (found.kind, len(found.frame)) == ("qualtrics", 3)
    assert variable(found, "StartDate") == {"name": "StartDate", "text": "Startdatum", "kind": "meta"}
    assert variable(found, "Q1") == {"name": "Q1", "text": "Wie war's?", "missing": ("-1",)}
    block = {"text": "Was?", "block": "Q2"}
    assert variable(found, "Q2_1") == {"name": "Q2_1", "option": "Preis", "kind": "multi", **block}
    assert variable(found, "Q2_2_TEXT") == {"name": "Q2_2_TEXT", "option": "Sonst - Text", "kind": "text", **block}
    rows = {"text": "Wie gut:", "block": "Q3"}
    assert variable(found, "Q3_1") == {"name": "Q3_1", "option": "Team", "missing": ("-2",), **rows}
    assert variable(found, "Q3_2") == {"name": "Q3_2", "option": "Preis", "missing": ("-1",), **rows}
    assert variable(found, "branch") == {"name": "branch", "text": "branch"}
    assert found.notes == (
        "s.csv: -1, -2 beside answers of 1 and more stand for not applicable or not answered, and are blank, in Q1, "
        "Q3_1, Q3_2",
    )
    assert found.frame["Q1"].tolist() == ["9", "-1", "3"]
    assert without_missing(found)["Q1"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ("1 2 3 -1", ("-1",)),
        ("1 2 3 -1 -2 -99", ("-1", "-2", "-99")),
        ("-2 -1 1 2", ()),  # a scale around its middle
        ("-1 0 1 5", ()),
        ("-1 -3 5", ()),
        ("-1 2.5 3", ()),
        ("-1 1 2 3 4 5 6 7 8 9 10 11 12 13", ()),  # typed numbers
        ("0 1 -99", ("-99",)),
        ("-1 -2", ()),
    ],
)
def test_minus_one_is_missing_only_beside_a_scale_from_one(export, answers, missing):
    heads = "Q1,x\nHow?,x\n\"{'ImportId': 'QID1'}\",\"{'ImportId': 'x'}\"\n"
    found = export(heads + "".join(f"{cell},1\n" for cell in answers.split()))
    assert found.variables["Q1"].missing == missing


def test_minus_one_of_another_file_is_an_answer(export):
    assert export("Q1,x\n1,1\n-1,2\n3,1\n").variables["Q1"].missing == ()


def test_no_basis_for_evaluation(real):
    for name in ("Insights", "Legacy"):
        found = real(f"qualtrics/QT_No_Basis_for_Evaluation ({name}).csv")
        missing = {v.name: v.missing for v in found.variables.values() if v.missing}
        assert missing == {"Q1": ("-1",)} | {f"Q3_{i}": ("-1",) for i in range(1, 5)} | {
            f"Q4_{i}": ("-1", "-2") for i in range(1, 5)
        }
        # LocationAccuracy is -1 in every row, and no answer.
        assert found.variables["LocationAccuracy"].kind == "meta"
    assert found.variables["V1"].text == "ResponseID"


def test_study_reads_codes_that_the_export_declares_as_blank(survey):
    heads = "Q1,x\nHow?,x\n\"{'ImportId': 'QID1'}\",\"{'ImportId': 'x'}\"\n"
    data = heads + "1,1\n-1,1\n5,1\n"
    assert survey("questions:\n  Q1: {role: metric, metric: csat}", data)["Q1"].isna().tolist() == [False, True, False]
    named = "questions:\n  Q1: {role: segment, labels: {1: bad, 5: good, -1: no basis}}"
    assert survey(named, data)["Q1"].tolist() == ["bad", "no basis", "good"]


SURVEYMONKEY = """\
Respondent ID,Start Date,How satisfied?,Which have you used?,,,Why?
,,Response,Web,App,Other (please specify),Open-Ended Response
1,01/31/2026,5,Web,,,good
2,01/31/2026,4,,App,fax,
"""


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_two_header_rows_whose_blanks_continue_a_block(export, kind):
    content = SURVEYMONKEY
    if kind == "xlsx":
        stream = io.BytesIO()
        rows = pd.DataFrame(list(csv.reader(io.StringIO(SURVEYMONKEY))))
        rows.to_excel(stream, header=False, index=False)
        content = stream.getvalue()
    found = export(content, f"s.{kind}")
    assert found.kind == "surveymonkey"
    assert list(found.frame) == [
        "Respondent ID", "Start Date", "How satisfied?", "Which have you used? [Web]", "Which have you used? [App]",
        "Which have you used? [Other (please specify)]", "Why?",
    ]  # fmt: skip
    assert [v.kind for v in found.variables.values()] == ["meta", "meta", "", "multi", "multi", "text", "text"]
    assert variable(found, "Which have you used? [App]") == {
        "name": "Which have you used? [App]", "text": "Which have you used?", "option": "App",
        "block": "Which have you used?", "kind": "multi", "order": ("Web", "App"),
    }  # fmt: skip
    assert found.frame["Why?"].tolist()[0] == "good"


def test_star_wars_keeps_its_broken_bytes_and_tells_of_them(real):
    found = real("surveymonkey/StarWars.csv")
    assert found.notes == (
        "StarWars.csv: 1 words hold bytes that are no text in Windows-1252, e.g. Universe?Œæ, in line 1; they are kept "
        "as they are, name the `encoding:` if you know it",
    )
    blocks = pd.Series([v.block for v in found.variables.values() if v.block]).value_counts()
    # 23 blank headers continue three questions: 6 films, 6 ranks, 14 characters.
    assert sorted(blocks) == [6, 6, 14]
    films = [v for v in found.variables.values() if v.kind == "multi"]
    assert [v.option.split(" ")[3] for v in films] == ["I", "II", "III", "IV", "V", "VI"]
    assert int(found.frame[films[0].name].notna().sum() - (found.frame[films[0].name] == "").sum()) == 673


def test_limesurvey_headers_are_codes_rows_and_questions(real):
    found = real("limesurvey/RSE_2017_uk_public_data.csv")
    assert variable(found, "satisGen1[SQ001]") == {
        "name": "satisGen1[SQ001]", "text": "In general, how satisfied are you with:",
        "option": "Your current position",
        "block": "satisGen1", "kind": "rating", "labels": {"0": "Not at all satisfied", "10": "Completely satisfied"},
    }  # fmt: skip
    counts = found.frame["satisGen1[SQ001]"].value_counts()
    assert (counts["0"], counts["10"], counts["7"]) == (7, 5, 61)
    assert found.variables["currentEmp13[SQ017]"].kind == "multi"
    assert found.variables["socio1"].text == "In which country do you work?"


def test_google_forms_ticks_grids_and_times(real):
    for year, mark in ((2019, ";"), (2020, ";"), (2021, ", ")):
        found = real(f"dask/{year}-user-survey-results.csv")
        assert found.variables["Timestamp"].kind == "meta"
        assert separator(found.frame["Dask APIs"]) == mark
        assert found.variables["Dask APIs"].kind == "multi"
        # One answer with a comma in it: "I use Dask all the time, even when I sleep".
        assert found.variables["How often do you use Dask?"].kind == ""
        grid = [v for v in found.variables.values() if v.block]
        assert {v.text for v in grid} == {"What common feature requests do you care about most?"}
        assert "What common feature requests do you care about most? [GPUs]" in found.frame
    ease = found.frame["On a scale of 1 - 5 (1 being hardest, 5 being easiest) how easy is Dask to use?"]
    answers = pd.to_numeric(ease[ease != ""])
    assert (len(answers), round(answers.mean(), 2)) == (228, 3.43)  # as the data's README says


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["web;app", "web", "app;shop", "shop;web", "web"] * 3, ";"),
        (["web, app", "web", "app, shop", "shop, web"] * 3, ", "),
        (["good, quick", "slow; bad", "fine, really", "so, so"], ""),
        (["Yes, always", "No", "Yes, always", "No"] * 5, ""),
        ([None, ""], ""),
    ],
)
def test_ticks_recur_in_several_companies(cells, mark):
    assert separator(pd.Series(cells, dtype=object)) == mark


TICKS = ["App (iOS, Android), Web", "Web", "Shop, big, Web", "App (iOS, Android), Shop, big", "Shop, big", "Web"] * 3


def test_commas_inside_brackets_part_no_options(survey):
    table = "questions:\n  where: {role: multi, separator: ', '}"
    data = "where;x\n" + "".join(f"{cell};1\n" for cell in TICKS)
    found = survey(table, data)
    # Counted by hand in six cells, which stand there three times.
    ticked = {name: found[name].sum() for name in found if name.startswith("where")}
    assert ticked == {"where.App (iOS, Android)": 6, "where.Shop": 9, "where.Web": 12, "where.big": 9}


def test_options_that_always_stand_together_are_told_and_nothing_else(export):
    rows = [f'2026/01/31 10:00:00,"{cell}"\n' for cell in TICKS]
    assert export("Timestamp,Where?\n" + "".join(rows)).notes == (
        "s.csv: Shop and big always stand together in Where?; where they are one option with a comma in it, write it "
        "without the comma in the file",
    )
    plain = [row.replace(", big", "") for row in rows]
    assert export("Timestamp,Where?\n" + "".join(plain)).notes == ()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a (b, c), d", ["a (b, c)", "d"]),
        ("a (b (c, d), e), f", ["a (b (c, d), e)", "f"]),
        ("a (b, c", ["a (b", "c"]),
        ("a :), b, c :)", ["a :)", "b", "c :)"]),
        (", a,, ", ["a,"]),
    ],
)
def test_a_cell_in_parts(text, options):
    assert parted(text, ", ") == options


@pytest.mark.parametrize("where", ["file", "quoted header", "label"])
def test_a_byte_order_mark_is_no_part_of_a_name(survey, where):
    mark = "\ufeff"
    text = {"file": f"{mark}q,x\na,1\n", "quoted header": f'{mark}"{mark}q",x\na,1\n', "label": f"q,x\n{mark}a,1\n"}
    assert survey("questions:\n  q: {role: segment}", text[where])["q"].tolist() == ["a"]


LOOKALIKES = {
    "text in a second row": "id,why\n,Response\n1,good\n",
    "a full stop in headers": "a. b,c. d,x\n1,2,3\n",
    "Timestamp without times": "Timestamp,q\nsoon,1\n",
    "V1 to V5 with answers": "V1,V2,V3,V4,V5,Q1\n1,2,3,4,5,6\n1,2,3,4,5,6\n",
    "an id and blanks": "RespondentID ,,x\n1,2,3\n",
}


def test_a_tool_is_told_by_all_its_signs(export):
    kinds = {name: (export(text).kind, len(export(text).frame)) for name, text in LOOKALIKES.items()}
    assert kinds == {
        "text in a second row": ("surveymonkey", 1), "a full stop in headers": ("csv", 1),
        "Timestamp without times": ("csv", 1), "V1 to V5 with answers": ("csv", 2),
        "an id and blanks": ("surveymonkey", 1),
    }  # fmt: skip


def test_damaged_letters_are_told(export):
    assert export("why\ngood \ufffd\nsouffl\ufffd\n").notes == (
        "s.csv: 2 letters were lost before this file was written (\ufffd), first in line 2",
    )
    assert export("why\nMünchen ist schön\nÉlan\nCafé à Évian\n".encode("cp1252")).notes == ()
