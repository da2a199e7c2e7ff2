"""Sentences of the complaint-iceberg chapter: what they say on odd studies, and what none of them may say.

The cells of the notebook itself are run on a grid of studies; oracles are properties of the text, and sentences
written by hand from numbers counted by hand.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from chapter_cells import cells, published
from iceberg_study import LOSSES, MONEY, SIX_OF_EACH, complaints, customers, made, survey

from cxlib import Study, levers, losses, silence, text
from cxlib.charts import anchor_range
from cxlib.complaint_rate import fixed
from cxlib.complaints import declared
from cxlib.cost import cost
from cxlib.damage import by_fate
from cxlib.sentences import complainers as say_who
from cxlib.sentences import damage as say_cost
from cxlib.sentences import iceberg as say

ROOT = Path(__file__).resolve().parent.parent
COST = {"losses": LOSSES} | MONEY
WEB_IN_MARCH = {"channels": ["web"], "window": ["2026-03-01", "2026-03-31"]}  # nobody complained there then
SOUTH_IS_CONTENT = survey().assign(unhappy=lambda t: t["unhappy"].where(t["city"] == "n", 0))

# What a study is (iceberg_study.parts), and the parameters of the notebook.
STUDIES = {
    "everything": ({"iceberg": COST | {"segments": ["city"]}}, {}),
    "no survey": (
        {"without": ["survey"], "iceberg": COST | {"unhappy": None, "complained": None, "rate": "vca_2016"}},
        {},
    ),
    "no customers": ({"without": ["customers"], "iceberg": COST}, {}),
    "no outcomes": ({"without": ["complaints.outcome"], "iceberg": COST}, {}),
    "other outcomes": (
        {
            "frames": {"complaints": complaints().replace({"end": {"satisfied": "ok"}})},
            "iceberg": COST | {"outcomes": {"satisfied": ["ok"]}},
        },
        {},
    ),
    "no days": ({"without": ["complaints.when"], "iceberg": COST | {"window": None}}, {}),
    "nothing declared": ({"iceberg": False}, {}),
    "hardly a table": (
        {
            "iceberg": False,
            "without": [
                "survey",
                "customers",
                *(f"complaints.{k}" for k in ("when", "outcome", "channel", "severity")),
            ],
        },
        {},
    ),
    "nobody complained": ({"iceberg": COST | WEB_IN_MARCH}, {}),
    "nobody complained, no customers": ({"without": ["customers"], "iceberg": COST | WEB_IN_MARCH}, {}),
    "a city with nobody unhappy": (
        {"iceberg": COST | {"segments": ["city"]}, "frames": {"survey": SOUTH_IS_CONTENT}},
        {},
    ),
    "no complainer in the survey": (
        {"iceberg": COST | {"segments": ["city"]}, "frames": {"survey": survey().assign(complained=0)}},
        {},
    ),
    "no complainer in the survey, no customers": (
        {"without": ["customers"], "iceberg": COST, "frames": {"survey": survey().assign(complained=0)}},
        {},
    ),
    "everybody complained": (
        {"iceberg": COST, "frames": {"survey": survey().assign(complained=lambda t: t["unhappy"])}},
        {},
    ),
    "a rate of 1": ({"iceberg": COST | {"rate": "1"}}, {}),
    "a rate of 1 in a million": ({"without": ["customers"], "iceberg": COST | {"rate": "0.000001"}}, {}),
    "10 of 420": ({"iceberg": COST | {"rate": "10 of 420", "segments": ["city"]}}, {}),
    "a Beta without a mean": ({"without": ["customers"], "iceberg": COST | {"rate": "beta(0.01, 3)"}}, {}),
    "nobody is lost": (
        {
            "iceberg": COST | {"losses": dict.fromkeys(LOSSES, 0)},
            "minimum_base": 500,
            "frames": {"complaints": SIX_OF_EACH},
        },
        {},
    ),
    "everybody is lost": ({"iceberg": COST | {"losses": dict.fromkeys(LOSSES, 1)}, "minimum_base": 500}, {}),
    "complaining loses": (
        {
            "iceberg": COST | {"losses": LOSSES | {"silent": 0.01}},
            "minimum_base": 500,
            "frames": {"complaints": SIX_OF_EACH},
        },
        {},
    ),
    "a margin without months": ({"iceberg": COST | {"months": None}}, {}),
    "a margin of nothing": ({"iceberg": COST | {"margin": 0, "case_cost": 0}}, {}),
    "in Vietnamese": ({"language": "vi", "iceberg": COST | {"segments": ["city"]}}, {}),
    "no room for the silent": ({"iceberg": COST | {"rate": "1"}}, {"customers": 12}),
    "room for one": ({"iceberg": COST}, {"customers": 13}),
    "levers that do nothing": (
        {"iceberg": COST, "frames": {"complaints": SIX_OF_EACH}},
        {"complain": 0, "resolve": 0},
    ),
    "levers that do everything": (
        {"iceberg": COST, "frames": {"complaints": SIX_OF_EACH}},
        {"complain": 1, "resolve": 1},
    ),
    "talk of many": ({"iceberg": COST, "frames": {"complaints": SIX_OF_EACH}}, {}),
}
NONSENSE = re.compile(
    r"\bnan\b|\binf\b|\bNone\b|\bNaT\b|<NA>|np\.|  |\(–|[-\u2212]0([.,]0+)?(?![.,]?\d)|\be[+-]\d|\{|\}"
)
ENDINGS = [  # of a sentence on a lever, in English and Vietnamese
    ("this lever loses", "đòn bẩy này gây thiệt hại"),
    ("it may save or lose", "có thể lợi hoặc thiệt"),
    ("it moves nothing", "không thay đổi gì"),
]


def chapter(monkeypatch, folder, parameters: dict) -> dict[str, dict]:
    """What the chapter publishes on a study, without pictures."""
    return published(monkeypatch, "01_complaint_iceberg.ipynb", folder, parameters)


@pytest.fixture(scope="module")
def done() -> dict[str, dict]:
    """Chapters that were run already, by the name of their study."""
    return {}


@pytest.fixture
def run(monkeypatch, load, done):
    """run(name): what the chapter publishes on one of STUDIES."""

    def found(name: str) -> dict[str, dict]:
        if name not in done:
            study, parameters = STUDIES[name]
            done[name] = chapter(monkeypatch, made(load, **study).folder, parameters)
        return done[name]

    return found


@pytest.mark.parametrize("study", STUDIES)
def test_no_sentence_is_nonsense_whatever_the_study(run, study):
    found = run(study)
    sentences = {name: data["text"] for name, data in found.items() if data["kind"] == "finding"}
    assert sentences
    for name, sentence in sentences.items():
        assert not NONSENSE.search(sentence), (name, sentence)
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    json.dumps(found, allow_nan=False)
    tables = [row for data in found.values() if data["kind"] == "table" for row in data["printed"]["rows"]]
    assert not [cell for row in tables for cell in row if re.search(r"\bnan\b|\binf\b|\bNone\b|NaT", cell)]
    # a lever whose interval lies below 0 is said to lose, and no other
    levers_told = {n: s for n, s in sentences.items() if "lever_" in n}
    for sentence in levers_told.values():
        low, high = re.findall(r"\(([^()]+) (?:to|đến) ([^()]+)\)", sentence)[-1]
        signs = [any(told in sentence for told in ending) for ending in ENDINGS]
        assert sum(signs) <= 1
        if low.startswith(text.MINUS) and high.startswith(text.MINUS):
            assert signs[0], sentence
        if not low.startswith(text.MINUS) and high[0] in "123456789":
            assert not any(signs), sentence


def test_the_chapter_on_a_whole_study(run):
    """By hand: 17 complaints of 12 customers; 10 of 40 unhappy respondents complained, 1 in 4."""
    found = run("everything")
    said = {name.removeprefix("finding "): data["text"] for name, data in found.items() if data["kind"] == "finding"}
    assert said["complainers"] == (
        # those left out on the way are 1 to 4, and each would tell the others beside the complaints in the table
        "Complaints within the definition came from 12 different customers."
    )
    assert said["silent"].startswith("Behind 12 customers who complained there are ")
    assert said["silent"].endswith(
        " for each one who complained. At most 196 customers can be unhappy. Unhappy: Mood is Yes. Complained: Told us "
        "is Yes. Severity: all. Channels: all. Window: 1 March 2026 to 31 August 2026."
    )
    assert said["rate"].startswith("Of 40 unhappy respondents 25.0% complained (95% interval ")
    assert said["rate"].endswith("effective base 40), 1 in 4.0.")
    assert "at a margin of 20.0% over 12 months" in said["value"]
    assert said["together"].startswith("Complainers are told of together: one end of their complaints, or who left ")
    many = run("talk of many")["finding word_of_mouth"]["text"]
    assert "if each silent or dissatisfied customer tells 5 others and 1.0% of them stay away" in many
    notes = [data["note"] for data in found.values() if data["kind"] == "table" and "Mood is Yes" in data["note"]]
    assert len(notes) == 4  # the definition stands under evidence, readings, segments and fates
    losses_told = found["table loss_rates"]["printed"]["rows"]
    assert [row[-1] for row in losses_told] == ["measured", "measured", "declared", "declared", "declared"]
    # a declared rate has no base, and is not withheld for a small one
    assert [row[1:4] for row in losses_told[2:]] == [["10.0%", "–", "–"], ["30.0%", "–", "–"], ["55.0%", "–", "–"]]


def test_labels_are_those_of_the_study_s_language(run):
    found = run("in Vietnamese")
    assert "Không hài lòng: Tâm trạng là Có. Đã khiếu nại: Đã phàn nàn là Có." in found["finding silent"]["text"]
    assert found["finding segment_city"]["text"].startswith(
        "Thành phố: tỷ lệ khiếu nại sau khi gộp một phần đi từ Miền"
    )
    assert {row[1] for row in found["table by_segment"]["printed"]["rows"]} == {"Miền Bắc", "Miền Nam"}


NOT_TOLD = {  # study: what it says instead of a number
    "nothing declared": {
        "undeclared": "There is no estimate of silent customers. Not declared: the severity (`severity:`), the "
        "channels (`channels:`), the time window (`window:`) and the complaint rate (`rate:`). Complaints",
        "no_cost": "What silent customers cost is not told: there is no estimate of how many are silent.",
        "no_monthly": "There is no control chart: it needs the customers' and the complaints' dates, over eight months",
    },
    "no outcomes": {
        "no_cost": "What silent customers cost is not told: the complaints do not say how they ended (`outcome:`).",
    },
    "nobody complained": {
        "silent": "Behind 0 customers who complained there are ",
        "no_cost": "What silent customers cost is not told: nobody complained, so there is nothing to compare silence",
    },
    "a margin without months": {"no_value": "Their value is not told: it needs the customers' `value`, and `margin:`"},
    "10 of 420": {
        "no_segments": "Silent customers are not split by segment: the rate is not the survey's own, and a rate does",
        "rate": "Of 420 unhappy respondents 2.4% complained (95% interval 1.2 to 4.2%",
    },
    "a city with nobody unhappy": {
        "no_segments": "Silent customers are not split by segment: none is declared (`segments:`), or too few groups",
    },
    "a Beta without a mean": {
        "no_cost": "What silent customers cost is not told: the number of silent customers has no upper limit; name",
        "rate": "The complaint rate is stated: 0.3% (0.0 to ",
    },
    "no room for the silent": {
        "quoted": "The often quoted 1 in 42 would need more unhappy customers than there are customers.",
        "rate": "The complaint rate of 100.0% is taken as known (rate of 1 taken as known): the interval",
    },
    "nobody is lost": {
        "lost": "Of all unhappy customers 0.0 (95% interval 0.0 to 0.0) are lost, 0.0 of them (0.0%) silent ones",
        "flip_2": "At which share of satisfied complainers more complaints would save customers cannot be told",
    },
    "levers that do nothing": {
        "lever_both": "Both together: 0 more cases, 0.0 (0.0 to 0.0) customers kept, worth 0 VND"
    },
}


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_cannot_be_told_is_said(run, name):
    found = run(name)
    for finding, beginning in NOT_TOLD[name].items():
        assert found[f"finding {finding}"]["text"].startswith(beginning)
    if name == "nobody complained":
        assert "Nobody complained in the window, so a flat prior" in found["finding silent"]["text"]
    if name == "nothing declared":
        assert "number silent" not in found
        assert "Stoner, Economou and Drummond Marques 2019" in found["finding undeclared"]["text"]


def test_a_lever_that_loses_says_so(run):
    """1% of the silent leave, and of complainers a third on average: each who is brought to complain is a loss."""
    found = run("complaining loses")
    told = found["finding lever_complain"]["text"]
    assert told.startswith("If 10.0% of the silent were brought to complain, with complaints ending as they do now: ")
    assert told.endswith(" after the cost of handling; this lever loses.")
    assert f"{text.MINUS}" in told
    verdicts = [row[-1] for row in found["table levers"]["printed"]["rows"]]
    assert verdicts == ["loses", "saves", "loses"]
    assert found["finding flip_2"]["text"].endswith("would lose customers whatever becomes of them.")


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_an_interval_of_the_study_s_own_survey_bears_the_sample_s_name(load):
    opt_in = made(load, sample="opt_in")
    rates = {}
    for rate in ("survey", "10 of 420", "0.1"):
        case = silence.silence(opt_in, declared(opt_in, rate=rate))
        rates[rate] = say.headline(case)["silent"] + say.rate(case, silence.evidence(case))["rate"]
    assert rates["survey"].count("95% model-based interval") == 2
    assert "model-based" not in rates["10 of 420"] + rates["0.1"]


def test_an_anchor_is_not_held_against_itself(load):
    s = made(load)
    case = silence.silence(s, declared(s, rate="khaosat_2019"))
    assert set(say.rate(case, silence.evidence(case))) == {"rate"}
    assert say.base(case) == "12 complainers, rate taken from outside"
    assert say.rate_base(case) == "no sample of this study"


def test_bases_and_readings_beside_the_number(load):
    case = silence.silence(s := made(load), declared(s))
    assert say.base(case) == "12 complainers, 40 unhappy respondents, effective base 40"
    assert say.note(case) == f"plug-in 36, mean {text.number(case.silent.mean)}"
    nothing = silence.silence(s := made(load, iceberg=False), declared(s))
    assert say.note(nothing) == say.alt_iceberg(nothing) == ""
    assert say.headline(nothing) == say.rate(nothing, silence.evidence(nothing)) == {}


def groups(rates, low, high, silent, unplaced=0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": "city", "segment": "City", "group": list("ABC")[: len(rates)], "rate": rates, "rate_low": low,
            "rate_high": high, "raw": rates, "shrinkage": np.linspace(0.2, 0.4, len(rates)), "estimate": silent,
            "low": silent, "high": silent, "unplaced": unplaced,
        }
    )  # fmt: skip


def test_segments_in_words():
    told = say_who.segments(groups([3.0, 9.0, 5.0], [2.0, 7.0, 4.0], [4.0, 11.0, 6.0], [900.0, 70.0, 80.0], 3))
    assert told["segment_city"] == (
        "City: the complaint rate after pooling runs from A 3.0% (2.0 to 4.0%) to B 9.0% (7.0 to 11.0%); the intervals "
        "do not overlap. Pooling took 20-40% of each group's distance from the others. Most silent customers: A, 900 "
        "(900 to 900). 3 complainers belong to none of these groups."
    )
    same = say_who.segments(groups([3.0, 3.0], [1.0, 1.0], [5.0, 5.0], [np.nan, np.nan]))["segment_city"]
    assert "from A 3.0% (1.0 to 5.0%) to B 3.0% (1.0 to 5.0%); the intervals overlap" in same
    assert "Most silent" not in same
    assert say_who.segments(pd.DataFrame()) == {}


def test_months_in_words():
    chart = pd.DataFrame(
        {"period": ["2026-01", "2026-02", "2026-03"], "rate": [1.0, 9.0, 0.0], "high": 4.0, "low": 0.5,
         "centre": 2.0, "out": [False, True, True], "plain_out": [True, True, True], "sigma_z": 1.5}
    )  # fmt: skip
    assert say_who.monthly(chart)["monthly"] == (
        "Complainers a month per 1,000 customers, 2.00 over 3 months: outside the limits: 2026-02 (9.00, above the "
        "limits) and 2026-03 (0.00, below the limits) (Laney's; the months vary 1.50 times as much as counts do by "
        "chance, and plain Poisson limits would flag 3)."
    )
    assert "2 months are marked as outside" in say_who.alt_monthly(chart)
    assert say_who.alt_monthly(pd.DataFrame()) == ""


def test_flips_say_what_is_too_close():
    found = SimpleNamespace(confidence=0.95, few=False)
    row = {"what": "Share", "estimate": 40.0, "low": 20.0, "high": 60.0, "now": 45.0, "flip": "satisfied"}
    for above, close in ((2.0, False), (60.0, True), (97.4, True), (98.0, False)):
        told = say_cost.flips(found, pd.DataFrame([row | {"above": above}]))
        assert told["flip_2"].startswith("Share: 40.0% (20.0 to 60.0%); it is now 45.0%.")
        assert told["flip_2"].endswith("too close to call.") == close
    assert say_cost.flips(None, pd.DataFrame()) == {}


def test_swings_name_the_two_widest():
    rows = pd.DataFrame(
        {"input": ["Complaint rate", "Loss rate, silent"], "low_text": ["1%", "2%"], "high_text": ["3%", "4%"],
         "at_low": [900.0, 400.0], "at_high": [300.0, 600.0], "swing": [600.0, 200.0], "total": 500.0}
    )  # fmt: skip
    assert say_cost.swings(rows)["swing"] == (
        "Complaint rate matters most: between 1% and 3% the customers lost run from 900 to 300. Next comes loss rate, "
        "silent (400 to 600)."
    )
    assert say_cost.swings(rows.assign(swing=0.0)) == say_cost.swings(pd.DataFrame()) == {}


def test_alternative_texts_hold_the_numbers(load):
    s = made(load, iceberg=COST)
    case = silence.silence(s, definition := declared(s))
    whole = cost(case, losses.loss_rates(s, definition))
    fates, pairs = by_fate(whole), levers.two_way(whole, case.rate)
    assert f"unhappy and silent {text.number(fates['customers'].iloc[0])}" in say_cost.alt_flow(fates)
    assert say_cost.alt_flow(pd.DataFrame()) == say_cost.alt_two_way(pd.DataFrame()) == ""
    assert f"{text.number(pairs.loc[pairs['here'], 'value'].iloc[0])} as things are now" in say_cost.alt_two_way(pairs)
    rates = silence.evidence(case)
    assert say.alt_evidence(rates).count(" to ") == len(rates)
    assert anchor_range(rates) is not None
    assert levers.two_way(None, fixed(0.1)).empty


def test_customers_that_the_tables_do_not_know_are_told(monkeypatch, load):
    """Six of the twelve complainers are no customers: they count, but belong to no group."""
    people = customers().drop(index=range(6))
    frames = {"customers": people}
    found = chapter(monkeypatch, made(load, iceberg=COST | {"segments": ["city"]}, frames=frames).folder, {})
    assert found["finding segment_city"]["text"].endswith(" 6 complainers belong to none of these groups.")


def test_the_report_of_a_small_study(load):
    """From the front door, pictures included: a study without a control chart, in Vietnamese."""
    folder = made(load, **STUDIES["in Vietnamese"][0]).folder
    command = [
        Path(sys.executable).with_name("cx"),
        "report",
        folder,
        "--only",
        "complaint_iceberg",
        "--format",
        "html",
    ]
    made_of = subprocess.run([*command, "--out", folder / "out"], capture_output=True, text=True, timeout=300)
    assert made_of.returncode == 0, made_of.stderr
    chapter_of = json.loads((folder / "out/results.json").read_text(encoding="utf-8"))["chapters"]["complaint_iceberg"]
    assert set(chapter_of["numbers"]) == {"silent", "complaint_rate"}
    assert {"iceberg", "evidence", "flow", "tornado", "two_way", "pooling_city"} == set(chapter_of["figures"])
    page = (folder / "out/index.html").read_text(encoding="utf-8")
    assert "Tâm trạng là Có" in page
    assert not re.search(r">\s*(nan|inf|None|NaT)\s*<", page)


def test_the_study_named_in_the_parameters_is_the_demo():
    assert 'study = "data/demo"' in next(
        source for source, of_parameters in cells("01_complaint_iceberg.ipynb") if of_parameters
    )
    assert Study.load(ROOT / "data/demo").book.iceberg.rate == "survey"
