"""Dates as files write them: one reading of the whole column, or none.

Oracles: the standard library's datetime, formatted and read by hand; and what each order of day and month must refuse.
"""

import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.columns import Place
from cxlib.dates import dates

PLACE = Place("survey", "day", "s.csv")


def read(cells, order=None):
    values, problems, notes = dates(pd.Series(cells, dtype=object), PLACE, order)
    return values.tolist(), [(p.rows, p.rule, p.example) for p in problems], notes


READINGS = {
    "a day above 12 in front": (["05/06/2018", "31/12/2018"], ["2018-06-05", "2018-12-31"]),
    "a day above 12 behind": (["05/06/2018", "12/31/2018"], ["2018-05-06", "2018-12-31"]),
    "points": (["5.6.2018", "31.12.2018"], ["2018-06-05", "2018-12-31"]),
    "two digits of the year": (["31/12/68", "31/12/69"], ["2068-12-31", "1969-12-31"]),
    "time of day": (["2/20/2019 10:11:12", "2/3/2019 0:05:00"], ["2019-02-20 10:11:12", "2019-02-03 00:05"]),
    "half a day": (["12/31/2019 12:05 AM", "01/02/2019 12:05 PM"], ["2019-12-31 00:05", "2019-01-02 12:05"]),
    "half a day in Vietnamese": (["31/12/2019 9:05 SA", "01/02/2019 9:05 CH"],
                                 ["2019-12-31 09:05", "2019-02-01 21:05"]),
    "year first, with a zone": (["2020/01/05 3:04:05 PM GMT+1", "2020/06/10 8:46:17 AM EST"],
                                ["2020-01-05 15:04:05", "2020-06-10 08:46:17"]),
    "the same either way": (["05/05/2018", "12/12/2018"], ["2018-05-05", "2018-12-12"]),
    "ISO": (["2026-01-31", "2026-02-01T14:05:06.5"], ["2026-01-31", "2026-02-01 14:05:06.5"]),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), READINGS.values(), ids=READINGS)
def test_a_column_with_one_reading_is_read(cells, expected):
    values, problems, notes = read([cells[0], None, " ", *cells[1:]])
    assert problems == []
    assert values[0] == pd.Timestamp(expected[0])
    assert values[3] == pd.Timestamp(expected[1])
    assert pd.isna(values[1])
    assert pd.isna(values[2])
    assert not notes or notes[0].startswith(f"s.csv, column day: {cells[0]} is read as {expected[0][:10]}")


def test_what_was_decided_is_a_note():
    assert read(["05/06/2018", "31/12/2018"])[2] == [
        "s.csv, column day: 05/06/2018 is read as 2018-06-05, since some day is above 12"
    ]
    assert read(["05/06/2018"], "mdy")[2] == ["s.csv, column day: 05/06/2018 is read as 2018-05-06 as `dates:` says"]
    assert read(["2020/06/05 11:34:01 AM EST"])[2] == [
        "s.csv, column day: 2020/06/05 11:34:01 AM EST is read as 2020-06-05 11:34",
        "s.csv, column day: the clock of the place is kept (EST)",
    ]
    assert read(["2018-06-05"])[2] == []


def test_two_readings_are_asked_for_and_told_apart():
    cells = ["05/06/2018", "07/07/2018", "01/02/2018"]
    assert read(cells)[1] == [
        (2, "dates may be day/month or month/day; write `dates: dmy` or `dates: mdy` for the table",
         "05/06/2018 in row 1 of s.csv")
    ]  # fmt: skip
    assert read(cells, "dmy")[0] == [pd.Timestamp(d) for d in ("2018-06-05", "2018-07-07", "2018-02-01")]
    assert read(cells, "mdy")[0] == [pd.Timestamp(d) for d in ("2018-05-06", "2018-07-07", "2018-01-02")]


@pytest.mark.parametrize("order", [None, "dmy", "mdy"])
def test_day_and_month_swapped_in_part_are_told_with_both_examples(order):
    problems = read(["05/06/2018", "31/12/2018", None, "12/25/2018", "13/01/2018"], order)[1]
    assert problems == [
        (3, "day and month are swapped in part: 2 rows can only be day/month (e.g. 31/12/2018 in row 2), 1 only "
            "month/day (e.g. 12/25/2018 in row 4), 1 may be either; export the column anew as 2026-01-31",
         "31/12/2018 in row 2 of s.csv")
    ]  # fmt: skip


def test_dates_that_a_spreadsheet_took_in_part_are_told():
    # A workbook in which 05/06/2018 became the sixth of May, and 31/12/2018 stayed text.
    problems = read([datetime.datetime(2018, 5, 6), "31/12/2018", datetime.datetime(2018, 1, 2)])[1]
    assert [rows for rows, *_ in problems] == [1]
    assert problems[0][1].startswith(
        "day and month are swapped in part: 2 rows are dates (e.g. 2018-05-06 00:00:00 in "
    )
    problems = read(["5/6/2018", "31/12/2018", "13/01/2018", "1/2/2018"])[1]
    assert problems[0][0] == 2
    assert problems[0][1].startswith(
        "day and month may be swapped in part: these rows are written without zeros, but 13/"
    )
    assert read(["5/6/2018", "31/12/2018", "13/1/2018", "1/2/2018"])[1] == []
    assert read(["5/6/2018", "31/12/2018", "13/01/2018"], "dmy")[1] == []


def test_year_first_with_a_month_above_12_is_told():
    assert read(["2018/06/05", "2018/31/12"])[1] == [
        (1, "day and month are swapped in part: 1 rows have a month above 12", "2018/31/12 in row 2 of s.csv")
    ]


def test_swapped_dates_that_have_been_read_are_suspected():
    # Fieldwork from the 1st to the 24th of November, days up to the 12th turned around: the 11th of every month.
    # Those of January to October lie more than a month before the 13th of November.
    many = [datetime.date(2017, 11, day) for day in range(1, 25)]
    turned = [day.replace(month=day.day, day=day.month) if day.day <= 12 else day for day in many]
    assert read([day.isoformat() for day in turned])[2] == [
        "s.csv, column day: day and month look swapped in 10 rows, e.g. 2017-01-11 in row 1, while the days from the "
        "13th on lie between 2017-11-13 and 2017-11-24; they are read as they stand"
    ]
    assert read([day.isoformat() for day in many])[2] == []


BROKEN = {
    "no date": ["soon", "2026-01-31"],
    "two formats": ["2026/01/31", "31/01/2026"],
    "a day that is not": ["2026-02-30"],
    "digits alone": ["20260131"],
}


@pytest.mark.parametrize("cells", BROKEN.values(), ids=BROKEN)
def test_other_text_is_no_date(cells):
    assert read(cells)[1][0][1].startswith("dates are written 2026-01-31 or 2026-01-31 14:05")


@pytest.mark.parametrize("cell", ["31/02/2018", "31/12/2018 25:00", "31/12/2018 13:00 PM", "00/12/2018"])
def test_what_the_calendar_and_the_clock_do_not_have_is_a_problem(cell):
    assert read(["31/12/2018", cell])[1] == [
        (1, "a date must be in the calendar, read as day/month", f"{cell} in row 2 of s.csv")
    ]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    days=st.lists(st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2060, 1, 1)), min_size=1, max_size=20),
    form=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%m-%d-%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S"]),
)
def test_dates_come_back_or_are_a_problem(days, form):
    days = [day.replace(microsecond=0) for day in days]
    written = [day.strftime(form) for day in days]
    expected = [datetime.datetime.strptime(text, form) for text in written]
    if "%y" in form:
        expected = [day.replace(year=original.year) for day, original in zip(expected, days, strict=True)]
        if any(not 1969 <= day.year <= 2068 for day in days):
            return
    order = "dmy" if form.startswith("%d") else "mdy"
    assert read(written, order)[0] == [pd.Timestamp(day) for day in expected]
    values, problems, _ = read(written)
    assert problems or values == [pd.Timestamp(day) for day in expected]


def test_a_study_says_how_its_dates_are_written(load, problems):
    data = "id,day\na,05/06/2018\nb,07/08/2018\n"
    assert [found[2] for found in problems("respondent: id\nwhen: day", data)] == [
        "dates may be day/month or month/day; write `dates: dmy` or `dates: mdy` for the table"
    ]
    study = load("respondent: id\nwhen: day\ndates: mdy", data)
    assert study.survey["when"].tolist() == [pd.Timestamp("2018-05-06"), pd.Timestamp("2018-07-08")]
    assert "survey: s.csv, column day: 05/06/2018 is read as 2018-05-06 as `dates:` says" in study.notes
