"""The contact log put in order, and its checks.

Oracles: logs of a few contacts whose order, gaps and faults are read off by eye, and pandas' sort of the demo's log.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from journey_log import STAGES, line, written

from cxlib import CxError, Study, contacts, journey, paths

DEMO = Path(__file__).resolve().parent.parent / "data/demo"


def refused(events, **columns) -> str:
    with pytest.raises(CxError) as caught:
        contacts.journeys(events, **columns)
    return str(caught.value)


def found(events, customers=None, drawn=None, **columns) -> pd.DataFrame:
    return contacts.check(events, customers, line("a b c") if drawn is None else drawn, **columns).set_index("kind")


def test_the_demo_in_the_order_of_pandas():
    """Oracle: sort_values and shift of the same table."""
    events = Study.load(DEMO).table("events")
    log = contacts.journeys(events, order=STAGES)
    ours = log.query("SELECT * FROM contacts ORDER BY customer, step")
    wanted = events.sort_values(["customer", "when"], ignore_index=True)
    for column, name in (("customer", "customer"), ("when", "moment"), ("touchpoint", "touchpoint")):
        assert ours[name].tolist() == wanted[column].tolist()
    after = wanted.groupby("customer")["when"].shift(-1)
    pd.testing.assert_series_equal(ours["to_moment"], after, check_names=False, check_dtype=False)
    gaps = (after - wanted["when"]).dropna().sort_values()
    assert log.usual_gap == gaps.iloc[int(np.ceil(0.95 * len(gaps))) - 1]
    assert log.until == events["when"].max() - log.usual_gap
    assert (log.contacts, log.customers, log.channels) == (len(events), 6000, ["digital", "traditional"])


def test_a_relation_gives_what_a_frame_gives(tmp_path):
    events = Study.load(DEMO).table("events").head(3000)
    events.to_parquet(tmp_path / "log.parquet")
    sql = "SELECT * FROM contacts ORDER BY customer, step"
    one = contacts.journeys(events, order=STAGES).query(sql)
    other = contacts.journeys(duckdb.read_parquet(str(tmp_path / "log.parquet")), order=STAGES).query(sql)
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_duplicates_leave_all_sums_as_they_are():
    """Oracle: the same log without them."""
    events = Study.load(DEMO).table("events").head(3000)
    drawn = Study.load(DEMO).table("map")
    once = contacts.journeys(events, order=STAGES)
    # Without a score, or with a worse one, a contact told twice stands behind the other.
    twice = pd.concat([events, events.head(9).assign(score=None), events.head(5).assign(score=99.0)], ignore_index=True)
    found = contacts.journeys(twice, order=STAGES)
    assert (found.contacts, found.customers, found.duplicates) == (once.contacts, once.customers, 14)
    kept = once.query("SELECT * FROM contacts WHERE score IS NOT NULL ORDER BY customer, step")
    again = found.query("SELECT * FROM contacts WHERE score < 99 ORDER BY customer, step")
    pd.testing.assert_frame_equal(kept, again)
    for level in ("stage", "touchpoint"):
        pd.testing.assert_frame_equal(paths.transitions(once, level=level), paths.transitions(found, level=level))
    columns = ["stage", "customers", "contacts", "visits", "n", "estimate", "low", "back", "ended", "days"]
    pd.testing.assert_frame_equal(journey.stages(once, drawn)[columns], journey.stages(found, drawn)[columns])


@pytest.mark.parametrize("first", ["2026-01-01", "0001-01-01"])
def test_a_log_of_many_nodes_and_of_two_thousand_years_in_the_order_of_pandas(first):
    """Time and node need more bits together than a whole number of the engine has. Oracle: sort_values and shift."""
    draw = np.random.default_rng(3)
    n = 3000
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 99, n), unit="D")
    events = pd.DataFrame(
        {
            "customer": draw.integers(0, 200, n),
            "when": when.astype("datetime64[us]"),
            "touchpoint": [f"t{i:03}" for i in draw.integers(0, 700, n)],
            "stage": "a",
        }
    ).drop_duplicates(ignore_index=True)
    events.loc[0, "when"] = pd.Timestamp(first).as_unit("us")
    ours = contacts.journeys(events, channel=None, score=None)
    wanted = events.sort_values(["customer", "when", "touchpoint"], ignore_index=True)
    rows = ours.query("SELECT customer, moment, touchpoint, to_node FROM contacts ORDER BY customer, step")
    assert rows[["customer", "moment", "touchpoint"]].to_numpy().tolist() == (
        wanted[["customer", "when", "touchpoint"]].to_numpy().tolist()
    )
    after = wanted.groupby("customer")["touchpoint"].shift(-1)
    assert (
        rows["to_node"].map(ours.nodes.set_index("node")["touchpoint"]).fillna("").tolist() == after.fillna("").tolist()
    )


def test_counts_of_the_longest_journey_fit():
    """c1 has 1,100 contacts at a in as many visits, b in between: none of its counts runs into the next.

    Oracle: the log's construction."""
    made = contacts.journeys(written(" ".join(["a", "b"] * 1100), "a b"))
    assert made.longest == 2200
    rows = journey.stages(made, line("a b")).set_index("stage")
    assert rows["contacts"].tolist() == rows["visits"].tolist() == [1101, 1101]
    assert paths.transitions(made).set_index(["from", "to"]).loc[("b", "a"), "count"] == 1099


def test_contacts_of_one_moment_stand_in_the_order_of_the_map():
    events = written("c a b").assign(when=pd.Timestamp("2026-01-01"))
    in_order = contacts.journeys(events, order=["a", "b", "c"]).query("SELECT stage FROM contacts ORDER BY step")
    assert in_order["stage"].tolist() == ["a", "b", "c"]
    other = contacts.journeys(events, order=["c", "b", "a"]).query("SELECT stage FROM contacts ORDER BY step")
    assert other["stage"].tolist() == ["c", "b", "a"]


def test_columns_by_other_names_and_without_channel_or_score():
    events = written("a=1 b=2")[["customer", "when", "touchpoint", "stage"]]
    events = events.rename(columns={"customer": "who is it", "stage": 'the "stage"'})
    log = contacts.journeys(events, customer="who is it", stage='the "stage"', channel=None, score=None)
    assert log.channels == ["unknown"]
    assert log.query("SELECT count(score) AS n FROM contacts")["n"].iloc[0] == 0


def test_names_with_quotes_blanks_and_vietnamese_letters():
    events = written("a b").assign(stage=["khách's", " tìm kiếm "], channel=["Kênh số", None])
    log = contacts.journeys(events)
    assert set(log.nodes["stage"]) == {"khách's", "tìm kiếm"}
    assert log.channels == ["Kênh số", "unknown"]


@pytest.mark.parametrize("kind", [str, int])
def test_times_as_text_and_customers_as_numbers(kind):
    events = written("a b", "a").assign(customer=[kind(7), kind(7), kind(8)])
    text = events.assign(when=events["when"].dt.strftime("%Y-%m-%d %H:%M"))
    log = contacts.journeys(text)
    assert log.first == pd.Timestamp("2026-01-01")
    assert log.usual_gap == pd.Timedelta(days=1)
    for zone in ("+07:00", "+07", "+0700"):
        zoned = contacts.journeys(text.assign(when=text["when"] + zone))
        assert zoned.first == pd.Timestamp("2025-12-31 17:00"), "times with a zone become UTC"
    assert contacts.journeys(text.assign(when=text["when"] + "Z")).first == pd.Timestamp("2026-01-01")
    aware = contacts.journeys(events.assign(when=events["when"].dt.tz_localize("Asia/Ho_Chi_Minh")))
    assert aware.first == pd.Timestamp("2026-01-01"), "the clock of the place"


def test_customers_and_scores_of_several_kinds():
    events = written("a=1 b=2", "a").assign(customer=[7, 7, "new"])
    events["score"] = pd.Series([1, None, 2.5], dtype=object)
    log = contacts.journeys(events)
    assert log.query("SELECT DISTINCT customer FROM contacts ORDER BY customer")["customer"].tolist() == ["7", "new"]
    assert log.query("SELECT sum(score) AS s FROM contacts")["s"].iloc[0] == 3.5


def test_bad_logs_are_refused_in_one_sentence():
    events = written("a=1 b=2", "a")
    text = events["when"].dt.strftime("%Y-%m-%d %H:%M")
    mixed = events.assign(when=[text[0] + "Z", text[1], text[2]])
    message = (
        "times must all have a zone or none; 1 of 3 have one, e.g. 2026-01-01 00:00Z beside 2026-01-01 00:00 "
        "(column when)"
    )
    assert refused(mixed) == message
    assert refused(duckdb.from_df(mixed)) == message
    moments = [events["when"][0].tz_localize("UTC"), events["when"][1], events["when"][2]]
    assert refused(events.assign(when=pd.Series(moments, dtype=object))).startswith(
        "times must all have a zone or none"
    )
    assert refused(events.assign(when=["31/12/2026", text[1], "soon"])) == (
        "times are written 2026-01-31 or 2026-01-31 14:05; 2 are not, e.g. 31/12/2026 (column when)"
    )
    assert refused(events.assign(when=["2026-02-30", text[1], text[2]])) == (
        "times are written 2026-01-31 or 2026-01-31 14:05; 1 are not, e.g. 2026-02-30 (column when)"
    )
    assert refused(events.head(0)) == "a contact log must hold at least one contact; this one is empty"
    assert refused(events.assign(stage=None)) == (
        "contacts need a customer, a time, a stage and a touchpoint; none of 3 has all four"
    )
    assert refused(events.assign(customer=None)).endswith("none of 3 has all four")
    assert refused(events, stage="stagee") == "there is no column stagee in the table; did you mean stage?"
    assert refused(events.assign(score=["good", None, None])) == (
        "scores must be numbers; column score holds text, e.g. good"
    )
    assert refused(events.assign(score=[np.inf, 1, 2])) == (
        "scores must be finite numbers; 1 are not, e.g. inf (column score)"
    )


def test_maps_without_order_or_with_a_stage_twice_are_refused():
    with pytest.raises(CxError, match="a drawn map needs the columns stage and order; order is missing"):
        contacts.places(pd.DataFrame({"stage": ["a"]}))
    with pytest.raises(CxError, match=r"a stage has one order and one phase in the map; 1 have more, e.g. b"):
        contacts.places(pd.DataFrame({"stage": ["a", "b", "b"], "order": [1, 2, 3]}))
    with pytest.raises(CxError, match="a drawn map must hold at least one stage"):
        contacts.places(pd.DataFrame({"stage": [], "order": []}))
    places = contacts.places(pd.DataFrame({"stage": ["z", "y"], "order": [7, 3], "phase": ["after", "before"]}))
    assert places["stage"].tolist() == ["y", "z"]
    assert places["phase"].tolist() == ["before", "after"]


def test_the_checks_by_eye():
    """c1 is contacted two days before it came, c2 one day after it left, c4 is nobody; `serch` is misspelt; a kiosk is
    not drawn at a; one row repeats another, one lacks its stage; c3 and c4 have one contact."""
    events = written("a b c", "a/kiosk b", "serch", "a")
    again, blank = events.iloc[[1]].assign(score=5.0), events.iloc[[2]].assign(stage=" ")
    people = pd.DataFrame(
        {
            "customer": ["c1", "c2", "c3"],
            "since": pd.to_datetime(["2026-01-03", "2020-01-01", "2020-01-01"]),
            "left": pd.to_datetime([None, "2026-01-01", None]),
        }
    )
    drawn = line("a search b c")
    checks = found(pd.concat([events, again, blank], ignore_index=True), people, drawn)
    assert checks["contacts"].to_dict() == {
        "before_customer": 2, "after_customer": 1, "unknown_customer": 1, "unknown_stage": 1, "unknown_touchpoint": 1,
        "blank": 1, "duplicate": 1, "single_contact": 2, "same_moment": 0, "not_followed": 1,
    }  # fmt: skip
    assert checks.loc["before_customer", ["customers", "example"]].tolist() == [
        1,
        "c1, contact 2026-01-01, since 2026-01-03",
    ]
    assert checks.loc["after_customer", "example"] == "c2, contact 2026-01-02, left 2026-01-01"
    assert checks.loc["unknown_customer", "example"] == "c4, contact 2026-01-01"
    assert checks.loc["unknown_stage", "example"] == "serch; did you mean search?"
    assert checks.loc["unknown_touchpoint", "example"] == "kiosk at a"
    assert checks.loc["duplicate", ["customers", "example"]].tolist() == [1, "c1"]
    assert checks.loc["single_contact", "decision"] == "kept: a journey of one contact"
    assert checks.loc["not_followed", "rule"].startswith("a contact comes more than the usual gap, 1.0 days, before")
    mend = ["before_customer", "unknown_customer", "unknown_stage", "unknown_touchpoint", "blank", "duplicate"]
    assert checks.index[checks["problem"]].tolist() == mend
    # Of the two rows alike the one with a score is kept.
    log = contacts.journeys(pd.concat([events, again], ignore_index=True))
    row = log.query(
        "SELECT score, to_node IS NOT NULL AS goes_on FROM contacts WHERE customer = 'c1' AND step = 2"
    ).iloc[0]
    assert (row["score"], row["goes_on"], log.contacts) == (5.0, True, len(events))


def test_checks_that_the_tables_cannot_answer_say_so():
    checks = found(written("a b c"))
    assert checks.loc["before_customer", "decision"] == "not checked: the customers' table does not tell"
    assert not checks["problem"].any()
    tied = written("a b").assign(when=pd.Timestamp("2026-01-01"))
    checks = found(tied, pd.DataFrame({"customer": ["c1"]}))
    assert checks.loc["same_moment", ["contacts", "customers", "example"]].tolist() == [1, 1, "c1"]
    assert checks.loc["unknown_customer", ["contacts", "decision"]].tolist() == [0, ""]
    assert checks.loc["after_customer", "decision"].startswith("not checked")


def test_a_log_of_single_contacts_has_no_usual_gap():
    log = contacts.journeys(written("a", "b"))
    assert log.usual_gap == pd.Timedelta(0)
    assert log.until == log.last


def test_the_frame_is_not_changed_and_the_temporary_folder_goes():
    events = written("a b", "a")
    before = events.copy()
    log = contacts.journeys(events)
    sql = log.query("SELECT sql FROM duckdb_views() WHERE view_name = 'contacts'")["sql"].iloc[0]
    folder = Path(sql.split("'")[-2]).parent
    assert folder.is_dir()
    pd.testing.assert_frame_equal(events, before)
    del log
    assert not folder.exists()
