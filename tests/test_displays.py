"""Results as they are looked at: what stands there is what the report prints, in any language, and nothing else."""

import html
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import Study, compare, csat, displays, drivers, iceberg, language, league, nps, personas, results, weights
from cxlib.cases import Cases
from cxlib.metrics import CES, CSAT, NPS
from cxlib.shown import Shown

ROOT = Path(__file__).resolve().parents[1]
BROWSER = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
# What no display may hold: addresses of objects, NumPy's own way of writing a number, the repr of an array or a frame.
INTERNALS = re.compile(r"0x[0-9a-f]{6}|np\.|array\(|dtype|<class|DataFrame\(|nan\b")


@pytest.fixture(autouse=True)
def _english():
    language.speak("en")
    yield
    language.speak("en")


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """400 respondents whose NPS differs by city, from a fixed seed; four of them come from a village."""
    rng = np.random.default_rng(5)
    city = rng.choice(["Hanoi", "Hue"], 400)
    quality = rng.integers(1, 6, 400)
    recommend = np.clip(quality + (city == "Hue") + rng.integers(2, 6, 400), 0, 10)
    frame = pd.DataFrame({"city": city, "quality": quality, "recommend": recommend, "w": rng.uniform(0.5, 2, 400)})
    frame.loc[:3, "city"] = "Village"
    return frame.assign(
        stayed=(recommend > 6).astype(int),
        months=rng.integers(1, 30, 400),
        spent=1e3 * quality + rng.normal(size=400),
    )


@pytest.fixture(scope="module")
def made(answers) -> dict:
    """A result of each kind by name."""
    rng = np.random.default_rng(1)
    group = rng.integers(0, 2, 300)
    sure = {c: np.where(rng.random(300) < 0.95, group, 1 - group).astype(str) for c in "abcde"}
    return {
        "estimate": nps(answers["recommend"]),
        "silent": iceberg.silent(10, iceberg.complaint_rate(10, 420)),
        "rate": iceberg.complaint_rate(10, 420),
        "anchor": iceberg.ANCHORS["tarp_small"],
        "metric": NPS,
        "banner": compare.banner(answers, ["recommend", "quality"], "city", weights="w"),
        "crosstab": compare.crosstab(answers, "quality", "city"),
        "linear": drivers.linear(answers, "recommend", ["quality", "city"], metric="nps"),
        "ordinal": drivers.ordinal(answers, "quality", ["recommend"]),
        "binary": drivers.binary(answers, "stayed", ["quality"]),
        "cox": drivers.cox(answers, "months", "stayed", ["quality"]),
        "segments": personas.segment(pd.DataFrame(sure), list("abcde"), k=range(1, 3)),
        "raked": weights.rake(answers, {"city": {"Hanoi": 0.5, "Hue": 0.4, "Village": 0.1}}),
        "league": league.by_metric(answers.assign(unit=answers.index % 8), "unit", "nps", question="recommend"),
        "study": Study.load("data/demo"),
        "cases": Cases(pd.DataFrame({"customer": ["Nguyễn Văn An"]}), pd.DataFrame({"group": [1]}), ("one note",)),
    }


KINDS = ["estimate", "silent", "rate", "anchor", "metric", "banner", "crosstab", "linear", "ordinal", "binary", "cox",
         "segments", "raked", "league", "study", "cases"]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_result_is_shown_in_short_and_the_same_each_time(made, kind, lang):
    language.speak(lang)
    found = made[kind]
    plain, page = str(found), found._repr_html_()
    assert repr(found) == plain
    assert (plain, page) == (str(found), found._repr_html_())
    assert not INTERNALS.search(plain)
    assert not INTERNALS.search(page)
    assert len(plain.splitlines()) < 60
    assert page.count("<table") == page.count("</table>")


def test_a_number_is_the_report_s():
    """results.number_shown, which the report's notebooks publish by, is another way to the same words."""
    found = nps([10] * 50 + [7] * 30 + [0] * 20)
    record, _, page = results.number_shown(found)
    printed = record["printed"]
    assert str(found) == f"NPS {printed['value']} ({printed['interval']}; {printed['base']}; {found.method})"
    assert found._repr_html_() == page


def test_a_number_on_a_small_base_is_marked_and_weights_are_told():
    assert str(csat([5] * 60 + [1] * 39)).startswith("CSAT 60.6%* (95% interval ")
    assert "100 answers, weighted base 250, effective base 100" in str(csat([5, 1] * 50, weights=[2.5] * 100))


def test_numbers_follow_the_language():
    found = nps([10] * 50 + [7] * 30 + [0] * 20)
    language.speak("vi")
    assert str(found).startswith("NPS 30,0 (khoảng tin cậy 95%: 14,0 đến 44,2; 100 câu trả lời, ")


def test_an_estimate_that_cannot_be_made_shows_a_dash():
    found = nps([10] * 50 + [0] * 50)
    gone = type(found)(**found.to_dict() | dict.fromkeys(("value", "low", "high", "se", "n_effective"), np.nan))
    assert str(gone) == "NPS – (95% interval –; 100 answers, effective base –; MOVER-Wilson; simple random sample)"


def test_silent_customers_show_plug_in_and_mean():
    """By hand: 10 complainers at 10 / 420 leave 10 (42 - 1) = 410 silent."""
    found = str(iceberg.silent(10, iceberg.complaint_rate(10, 420)))
    assert found.startswith("Silent unhappy customers 390 (95% interval 157 to 954; plug-in 410, mean 432; 10 compl")


def test_a_rate_taken_as_known_has_no_interval():
    assert str(iceberg.silent(10, 0.04)).endswith("rate of 0.04 taken as known)")
    anchored = iceberg.ANCHORS["tarp_small"]
    assert str(anchored).startswith(f"{anchored.label} {100 * anchored.rate:.1f}% (")


def test_a_metric_says_what_answers_score():
    assert str(NPS) == "NPS (0-6 → −100; 7-8 → 0; 9-10 → 100)"
    assert str(CSAT) == "CSAT (1-3 → 0; 4-5 → 100)"
    assert str(CES) == "CES (mean of the answers 1 to 7)"


def test_a_banner_prints_its_figures_letters_bases_and_notes(made):
    banner, shown = made["banner"], made["banner"].to_frame()
    plain, page = str(banner), banner.to_html()
    assert page == banner._repr_html_()
    lines = plain.splitlines()
    mean = next(line for line in lines if line.startswith("Mean"))
    assert mean.split()[1:] == " ".join(shown.loc[("recommend", "Mean")]).split()
    assert "**" in mean.split()  # the village: 4 answers
    for cell in shown.to_numpy().ravel():
        assert f'<td class="num">{html.escape(cell)}</td>' in page
    for note in banner.notes:
        assert note in " ".join(plain.split())
    heads = next(line for line in lines if line.startswith("Answer"))
    assert heads.split() == ["Answer", "Total", "A", "Hanoi", "B", "Hue", "C", "Village"]
    # Numbers stand below the ends of their headings.
    assert mean.index("**") + 2 == heads.index("C Village") + len("C Village")


def test_a_crosstab_prints_column_percentages_with_intervals_and_the_test(answers):
    frame = answers[answers["city"] != "Village"]
    found = compare.crosstab(frame, "quality", "city")
    counts = pd.crosstab(frame["quality"], frame["city"], normalize="columns")
    lines = str(found).splitlines()
    row = next(line for line in lines if line.startswith("3 "))
    assert re.findall(r"([\d.]+)% \(", row) == [f"{100 * share:.1f}" for share in counts.loc[3]]
    assert next(line for line in lines if line.startswith("Base")).split()[1:] == [
        str(n) for n in frame["city"].value_counts().sort_index()
    ]
    assert lines[0].startswith(f"F = {found.statistic:.2f} with ")
    assert "396 respondents answered both questions" in lines[0]


@pytest.mark.parametrize(("kind", "frames"), [
    ("linear", ["coefficients"]), ("ordinal", ["coefficients", "cuts"]), ("binary", ["coefficients", "odds_ratios"]),
    ("cox", ["coefficients", "hazard_ratios"]),
])  # fmt: skip
def test_a_model_prints_each_coefficient_to_the_digits_that_its_interval_tells(made, kind, frames):
    fit, plain = made[kind], str(made[kind]).replace("−", "-").replace(",", "")
    assert " ".join(fit.method.replace(",", "").split()) in " ".join(plain.split())
    for name in frames:
        for term, row in getattr(fit, name).iterrows():
            digits = max(2, int(np.ceil(-np.log10(row["high"] - row["low"]) + 1)))
            shown = [f"{row[c]:.{digits}f}" for c in ("estimate", "low", "high")]
            assert re.search(rf"^{re.escape(term)} +{shown[0]} +{shown[1]} to {shown[2]}", plain, re.MULTILINE), term


def test_a_coefficient_of_a_thousandth_is_no_row_of_zeros(answers):
    fit = drivers.linear(answers.assign(spent=answers["quality"] * 1e6 + answers["w"]), "recommend", ["spent"])
    row = fit.coefficients.loc["spent"]
    printed = next(line for line in str(fit).splitlines() if line.startswith("spent")).split()
    assert float(printed[1]) == pytest.approx(row["estimate"], rel=0.05)


def test_segments_print_their_sizes_and_what_was_tried(made):
    found = made["segments"]
    plain = str(found)
    if found.k == 1:
        assert plain.splitlines()[0].casefold() == found.verdict.casefold()
    else:
        assert plain.splitlines()[0] == "2 segments of 5 variables"
        for share in found.sizes["estimate"]:
            assert f"{share:.1f}%" in plain
    for bic in found.choices["bic"]:
        assert f"{bic:,.2f}" in plain


def test_raking_prints_every_level_before_and_after(made):
    plain = str(made["raked"])
    assert plain.splitlines()[0] == "All margins of the population are met."
    village = next(line for line in plain.splitlines() if "Village" in line)
    assert village.split() == ["city", "Village", "4", "1.0%", "10.0%", "10.0%"]  # 4 of 400 before, a tenth after


def test_a_league_withholds_small_units(answers):
    frame = answers.assign(unit=np.where(answers.index < 10, "tiny", (answers.index % 5).astype(str)))
    plain = str(league.by_metric(frame, "unit", "nps", question="recommend", minimum_base=30))
    tiny = next(line for line in plain.splitlines() if line.startswith("tiny"))
    assert "**" in tiny
    assert tiny.split()[-1] == "10"
    assert "** base under 30: not reported." in plain


def test_a_study_shows_its_tables_and_reads_none():
    study = Study.load("data/demo")
    plain = str(study)
    assert plain.splitlines()[0].startswith("demo · Sao Mai Retail")
    for name in study.book.tables:
        assert f"study.{name} " in plain
    assert "metric 3, driver 14" in plain
    assert max(map(len, plain.splitlines())) <= 120
    assert study._tables == {}


def test_whom_to_call_is_not_shown(made):
    for shown in (str(made["cases"]), made["cases"]._repr_html_()):
        assert "Nguyễn" not in shown
        assert "1 row: customer" in shown


def test_text_in_labels_is_text():
    hostile = {"<b>x</b>": 0.5, "y&z": 0.5}
    frame = pd.DataFrame({"g<i>": [*hostile] * 50})
    page = weights.rake(frame, {"g<i>": hostile})._repr_html_()
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_any_other_result_says_what_it_holds():
    @dataclass(frozen=True, repr=False)
    class Kept(Shown):
        frame: pd.DataFrame
        share: float
        names: tuple[str, ...]
        number: Shown

    shown = str(Kept(pd.DataFrame({"a": [1.0] * 3, "b": 2}), np.float64(0.123), ("one", "two"), nps([9, 10] * 99)))
    assert shown.splitlines()[0] == "Kept"
    for line in ("frame   3 rows: a, b", "share   0.12", "names   one, two", "number  NPS 100.0"):
        assert line in shown.splitlines()


def test_signs_of_the_far_east_take_two_columns():
    table = {"caption": "", "note": "", "printed": {"heads": ["区分", "n"], "numeric": [False, True],
                                                    "rows": [["東京", "1"], ["ab", "22"]]}}  # fmt: skip
    assert displays._in_columns(table).splitlines() == ["区分   n", "--------", "東京   1", "ab    22"]


def test_statistics_load_no_presentation_until_a_result_is_looked_at():
    code = (
        "import sys; from cxlib import nps, compare, drivers\n"
        "found = nps([10] * 50 + [0] * 50)\n"
        "shown = [m for m in ('cxlib.displays', 'cxlib.tables', 'IPython', 'matplotlib') if m in sys.modules]\n"
        "assert not shown, shown\n"
        "print(found)\n"
        "assert 'cxlib.displays' in sys.modules and 'IPython' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.startswith("NPS 0.0 (95% interval ")


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)")
@pytest.mark.parametrize(("ground", "ink"), [("#ffffff", "#212121"), ("#111111", "#eeeeee")], ids=["light", "dark"])
def test_in_a_notebook_text_stands_left_and_wide_tables_scroll_in_their_place(tmp_path, answers, ground, ink):
    """With a notebook's own rules for tables: cells to the right, and a page of its own colours, which are kept."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    wide = answers.assign(**{f"area {i}": "in area " + (answers.index % 9).astype(str) for i in range(4)})
    wide = compare.banner(wide, "quality", [f"area {i}" for i in range(4)])
    shown = [wide, compare.crosstab(answers, "quality", "city"), nps(answers["recommend"])]
    rules = f"body {{width: 800px; background: {ground}; color: {ink}}} .out td, .out th {{text-align: right}}"
    body = "".join(f'<div class="out">{found._repr_html_()}</div>' for found in shown)
    page_file = tmp_path / "page.html"
    page_file.write_text(f"<!doctype html><meta charset=utf-8><style>{rules}</style>{body}", encoding="utf-8")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 900, "height": 700})
        page.goto(page_file.as_uri())
        first = page.locator(".cx-result").first
        assert first.evaluate("found => found.scrollWidth > found.clientWidth && found.clientWidth <= 800")
        assert page.evaluate("document.documentElement.scrollWidth <= 900")
        looks = "found => [getComputedStyle(found).textAlign, getComputedStyle(found).color]"
        colour = page.evaluate("getComputedStyle(document.body).color")
        assert page.locator("td.txt").first.evaluate(looks) == ["left", colour]
        assert page.locator("td.num").first.evaluate(looks) == ["right", colour]
        boxes = [box.bounding_box() for box in page.locator(".cx-result, .cx-number").all()]
        chromium.close()
    assert all(above["y"] + above["height"] <= below["y"] + 0.5 for above, below in pairwise(boxes))
