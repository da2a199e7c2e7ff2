"""Sentences of the chapter on journeys: what they say on odd studies, and what none of them may say.

The cells of the notebook itself are run on small studies, without a kernel; oracles are properties of the text, what
was planted, and numbers counted by hand.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chapter_cells import published
from journey_chapter import CUSTOMERS, JOURNEY, MAP, customers, events, made, sales

from cxlib.sentences import journey as say
from cxlib.sentences import leagues

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "03_journey_map.ipynb"
LOG = events()
NO_STAYING = "Nothing tells how long customers stay: no days of coming and leaving, and no purchases."
ONE_STAGE = MAP[MAP["stage"] == "buy"].assign(order=1)
FEW = [f"c{i}" for i in range(25)]
LONG = {"see": "nhận biết thương hiệu lần đầu", "choose": "so sánh và lựa chọn sản phẩm phù hợp nhất",
        "buy": "thanh toán đơn hàng tại quầy", "use": "sử dụng và phản hồi sau mua"}  # fmt: skip


def events_of(names) -> dict:
    """The log and the customers of these alone."""
    known = customers()
    return {"events": LOG[LOG["customer"].isin(names)], "customers": known[known["id"].isin(names)]}


# What a study is (journey_chapter.parts), and the parameters of the notebook.
STUDIES = {
    "everything": ({}, {}),
    "the usual way": ({"only": JOURNEY}, {"expected": "usual"}),
    "a stage and a touchpoint that are optional": ({"only": JOURNEY}, {"expected": "optional: buy, form"}),
    "a map without choose": ({"only": JOURNEY}, {"expected": "see > buy > use", "purchase": "use"}),
    "contacts alone": ({"only": JOURNEY}, {}),
    "customers alone": ({"only": ("customers",)}, {}),
    "purchases alone": ({"only": ("sales",), "without": ["sales.won", "sales.reason", "sales.employee"]}, {}),
    "no scores": ({"only": JOURNEY, "without": ["events.score"]}, {}),
    "one score": ({"only": JOURNEY, "frames": {"events": LOG.assign(score=3)}}, {}),
    "no channel": ({"only": JOURNEY, "without": ["events.channel", "map.channel"]}, {}),
    "a map without channels": ({"only": JOURNEY, "without": ["map.channel"]}, {}),
    "nothing expected, no phases": ({"only": JOURNEY, "without": ["map.expected", "map.phase"]}, {}),
    "a map of one stage": (
        {"only": JOURNEY, "frames": {"map": ONE_STAGE, "events": LOG[LOG["stage"] == "buy"]}},
        {},
    ),
    "a stage misspelt": (
        {"only": JOURNEY, "frames": {"events": LOG.assign(stage=LOG["stage"].where(LOG.index > 4, "chose"))}},
        {},
    ),
    "contacts twice": ({"only": JOURNEY, "frames": {"events": pd.concat([LOG, LOG.head(7)])}}, {}),
    "one contact": ({"only": JOURNEY, "frames": {"events": LOG.head(1)}}, {}),
    "one customer": ({"only": JOURNEY, "frames": {"events": LOG[LOG["customer"] == "c1"]}}, {}),
    "few customers": (
        {"frames": {**events_of(FEW), "sales": sales(25)}, "without": ["survey", "complaints"]},
        {},
    ),
    "few of a group": ({}, {"group": "region:Islands"}),
    "a horizon beyond the data": ({"only": ("customers",)}, {"horizon": 5000}),
    "in Vietnamese": (
        {
            "language": "vi",
            "without": ["sales", "survey"],
            "frames": {"events": LOG.replace({"stage": LONG}), "map": MAP.replace({"stage": LONG})},
        },
        {},
    ),
}  # fmt: skip
NONSENSE = re.compile(
    r"\bnan\b|\binf\b|\bNone\b|\bNaT\b|<NA>|np\.|  |\(–|– |[-\u2212]0(\.0+)?(?![.\d])|\be[+-]?\d|\{|\}|∞|\d{7}|\(\)|--"
)
CAUSAL = re.compile(r"\bcaus|\bdrives\b|\bleads? to\b|\bresults? in\b|\bbecause\b|\bthanks to\b|\bdue to\b", re.I)
DRAWN = {"everything", "no channel", "a map of one stage", "in Vietnamese", "few customers"}


@pytest.fixture(scope="module")
def done() -> dict[str, dict]:
    """Chapters that were run already, by the name of their study."""
    return {}


@pytest.fixture
def run(monkeypatch, load, done):
    """run(name): what the chapter publishes on one of STUDIES."""

    def one(name: str) -> dict[str, dict]:
        if name not in done:
            study, parameters = STUDIES[name]
            done[name] = published(monkeypatch, NOTEBOOK, made(load, **study).folder, parameters, drawn=name in DRAWN)
        return done[name]

    return one


def said_of(found: dict[str, dict]) -> dict[str, str]:
    return {data["name"]: data["text"] for data in found.values() if data["kind"] == "finding"}


@pytest.mark.parametrize("name", STUDIES)
def test_no_sentence_is_nonsense_whatever_the_study(run, name):
    found = run(name)
    for finding, sentence in said_of(found).items():
        assert not NONSENSE.search(sentence), (finding, sentence)
        assert not CAUSAL.search(sentence), (finding, sentence)
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    for data in found.values():
        if data["kind"] == "figure":
            assert not NONSENSE.search(data["alt"]), data["alt"]
            assert f"table {data['data']}" in found
        if data["kind"] == "table":
            cells = [cell for row in data["printed"]["rows"] for cell in row]
            assert not [cell for cell in cells if re.search(r"\bnan\b|\binf\b|\bNone\b|NaT|e[+-]\d\d", cell)]
    json.dumps(found, allow_nan=False)  # every published number is finite, or null


TOLD = {  # study: what it says, by the beginning of its finding
    "everything": {
        "log": f"The log holds {len(LOG):,} contacts of {CUSTOMERS} customers.",
        "pain": "It hurts most at form (choose, digital): ",
        "ends": "Journeys break off most often at choose: ",
        "groups_leave": "Region: the groups do not leave alike",
    },
    "contacts alone": {"no_staying": NO_STAYING, "fit": "The drawn map fits the journeys of "},
    "customers alone": {"no_journeys": "The study has no contacts with a drawn map, so no journey is told."},
    "purchases alone": {"rule": "Nobody says that he leaves here, so whoever buys nothing for "},
    "no channel": {"pain": "It hurts most at form (choose): "},
    "a map of one stage": {
        "pain": "Where it hurts is not told: ",
        "fit": "The drawn map fits the journeys of 100.0% of customers",
    },
    "a stage misspelt": {
        "log_odd": "To be looked at: 5 contacts where the rule is that a stage is in the drawn map, e.g. chose; did "
        "you mean choose?"
    },
    "contacts twice": {
        "log_odd": "To be looked at: 7 contacts where the rule is that a customer has one contact with "
    },
    "one contact": {
        "log": "The log holds 1 contact of 1 customer.",
        "no_fit": "Whether journeys fit the drawn map is not told: 1 journey is known to have stopped, under 30.",
    },
    "one customer": {
        "no_fit": "Whether journeys fit the drawn map is not told: 0 journeys are known to have stopped, under 30."
    },
    "few of a group": {"log": "The log holds 32 contacts of 12 customers (Region: Islands)."},
    "a horizon beyond the data": {
        "no_lifetime": "How long customers stay of the first 5,000 days is not told: no group was followed so far."
    },
    "in Vietnamese": {"pain": f"Điểm đau nặng nhất là form ({LONG['choose']}, kênh số): "},
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told(run, name):
    said = said_of(run(name))
    for finding, beginning in TOLD[name].items():
        assert said[finding].startswith(beginning), said.get(finding)


def test_the_sentences_count_as_the_log_does(run):
    """Counted with pandas from the log: who goes from choose to use without buy, of those who are known to have
    stopped (the usual gap is one day: nobody whose last contact is of the last day)."""
    when = pd.to_datetime(LOG["when"])
    last = when.groupby(LOG["customer"]).transform("max")
    stopped = LOG[last <= when.max() - pd.Timedelta(days=1)]
    ways = stopped.groupby("customer")["stage"].agg(" ".join)
    skipped, fits = ways.str.contains("choose use").mean(), (~ways.str.contains("choose use")).mean()
    said = said_of(run("contacts alone"))
    assert said["fit"].startswith(f"The drawn map fits the journeys of {100 * fits:.1f}% of customers (95% interval ")
    assert said["departures"].startswith(f"Where customers leave the map: {100 * skipped:.1f}% (")
    assert said["departures"].endswith("skip buy between choose and use.")
    form = LOG[LOG["touchpoint"] == "form"]
    ends = (last.eq(when) & (LOG["touchpoint"] == "form"))[form.index]
    assert f": {100 * ends.mean():.1f}% of visits end there against " in said["pain"]
    assert f"its mean score is {form['score'].mean():.2f} against " in said["pain"]


@pytest.mark.parametrize("name", ["one customer", "few customers", "few of a group"])
def test_no_number_of_a_base_under_the_minimum_is_published(run, name):
    """All of these studies' bases are under 30: no sentence has a percentage, no cell a share, a mean or a limit."""
    found = run(name)
    for finding, sentence in said_of(found).items():
        assert "%" not in sentence, (finding, sentence)
    for data in found.values():
        if data["kind"] == "number":
            assert data["printed"]["value"] == "**"
            assert data["value"] is None
        if data["kind"] == "table" and data["name"] not in ("reasons",):
            shown = [cell for row in data["printed"]["rows"] for cell in row if re.search(r"\d[.]\d|%$", cell)]
            expected = {"1.0", "0.50", "1.00", "4.00"}  # contacts that the map expects
            assert set(shown) <= expected or data["name"] == "checks", (data["name"], shown)


def test_small_branches_and_groups_are_told_without_numbers(run):
    """Islands have 12 customers, branch b9 10: by construction of the study."""
    found = run("everything")
    assert "Islands" not in said_of(found)["lifetime"]
    assert "Islands" not in found["figure staying"]["alt"]
    rows = [row for row in found["table lifetimes"]["printed"]["rows"] if row[0] == "Islands"]
    assert rows
    assert set(rows[0][1:3]) == {"**"}
    b9 = next(row for row in found["table league_journeys"]["printed"]["rows"] if row[0] == "b9")
    assert "**" in b9
    assert not [cell for cell in b9 if "%" in cell]


def test_the_same_parameters_publish_the_same(run, monkeypatch, load):
    study, parameters = STUDIES["everything"]
    again = published(monkeypatch, NOTEBOOK, made(load, **study).folder, parameters, drawn=True)
    assert json.dumps(again) == json.dumps(run("everything"))


def case(**changes):
    book = SimpleNamespace(sample="probability", minimum_base=30, currency=None)
    told = {"study": SimpleNamespace(book=book), "log": object(), "group": "", "minimum_base": 30, "confidence": 0.95}
    told |= {"expected": ""}
    return SimpleNamespace(**told | changes)


def test_slopes_of_both_signs_are_told_apart():
    rows = pd.DataFrame(
        {"stage": ["a", "b", "c"], "touchpoint": ["x", "y", "z"], "channel": ["app", "unknown", "app"],
         "estimate": [4.0, -3.0, 9.0], "low": [2.0, -5.0, 8.0], "high": [6.0, -1.0, 10.0], "p": [0.01, 0.02, 0.01],
         "n": [50, 50, 20], "clear": True}
    )  # fmt: skip
    told = say.moments(case(), SimpleNamespace(moments=rows))["moments"]
    assert told == (
        "Moments that matter, where a better score goes with going on: x (a, app), +4.00 percentage points a point of "
        "score (+2.00 to +6.00). And where a better score goes with no further contact: y (b), −3.00 percentage points "
        "a point of score (−5.00 to −1.00)."
    )
    assert say.moments(case(), SimpleNamespace(moments=rows.assign(n=29))) == {}


def test_departures_in_words():
    """A path that begins late, one that goes back, and what the map lacks; by hand."""
    fit = pd.DataFrame({"part": ["fits"], "estimate": [50.0], "low": [40.0], "high": [60.0], "n": [90]})
    rows = pd.DataFrame(
        {"kind": ["skip", "back", "unknown_touchpoint", "unknown_stage"], "from": ["(start)", "b", "c", "z"],
         "to": ["b", "a", "kiosk", ""], "skipped": ["a", "", "", ""], "estimate": [30.0, 20.0, 10.0, 5.0],
         "low": [25.0, 15.0, 7.0, 3.0], "high": [35.0, 25.0, 14.0, 8.0]}
    )  # fmt: skip
    told = say.map_fit(case(), SimpleNamespace(conformance=fit, departures=rows))["departures"]
    assert told == (
        "Where customers leave the map: 30.0% (25.0 to 35.0%) begin at b; 20.0% (15.0 to 25.0%) go back from b to a; "
        "10.0% (7.0 to 14.0%) meet kiosk at c."
    )
    few = say.map_fit(case(), SimpleNamespace(conformance=fit.assign(n=29), departures=rows))
    assert few == {
        "no_fit": "Whether journeys fit the drawn map is not told: 29 journeys are known to have stopped, under 30."
    }


def test_a_league_in_words_names_the_last_first_and_counts_the_others():
    """Forty units, the last five surely so: three are named from the end, two counted; p values as the league has."""
    n = 40
    frame = pd.DataFrame(
        {"unit": [f"b{i:02}" for i in range(n)], "pooled": 90.0 - np.arange(n), "low": 80.0 - np.arange(n),
         "high": 95.0 - np.arange(n), "rank_low": np.where(np.arange(n) >= 35, 36, 1), "rank_high": n, "apart": False,
         "withheld": [()] * n}
    )  # fmt: skip
    league = SimpleNamespace(frame=frame, p=0.2, p_widest=0.0004, verdict="clear")
    table = SimpleNamespace(name="t", title="NPS by shop", unit="points", found=league, why_not="")
    assert leagues.leagues(case(), [table])["t"] == (
        "NPS by shop: the 40 units differ by more than chance (all together p = 0.200, the two that differ most "
        "p = 0.0004); surely among the last quarter: b39 at 51.0 (41.0 to 56.0), b38 at 52.0 (42.0 to 57.0), b37 at "
        "53.0 (43.0 to 58.0) and 2 more."
    )


def test_an_audit_of_too_few_says_nothing_and_of_none_clear_says_so():
    rows = pd.DataFrame(
        {"level": "touchpoint", "stage": "a", "touchpoint": ["x"], "channel": "app", "estimate": 1.1, "expected": 1.0,
         "verdict": "as expected", "n": 40}
    )  # fmt: skip
    assert say.audit(case(), SimpleNamespace(audit=rows)) == {
        "audit": "No touchpoint is clearly met more, or less, often than the map expects."
    }
    assert say.audit(case(), SimpleNamespace(audit=rows.assign(n=29))) == {}


def test_the_demo_s_planted_pain_point_departures_and_employee(monkeypatch):
    """truth.yml: checkout_app is the worst touchpoint, a quarter of those who go on from search skip compare, 18% go
    back from decide; registers.py: E020 wins far less than the others."""
    said = said_of(published(monkeypatch, NOTEBOOK, ROOT / "data/demo", {}))
    assert said["pain"].startswith("It hurts most at checkout_app (decide, digital): 40.")
    assert "skip compare between search and decide" in said["departures"]
    assert said["departures"].endswith("go back from decide to search.")
    assert "; apart from all others: E020 at " in said["league_offers"]
