"""One report for each value of a column: folders, what is made again, what fails; and the page over all of them."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import lxml.html
import pytest
from hostile_document import TEXTS, look
from test_page import BROWSER, WIDTHS, browser, violations, visit  # noqa: F401  browser is a fixture

from cxlib import language, text
from cxlib.published import MIME
from cxlib.report import each, run
from cxlib.report import plan as plans
from cxlib.report.cache import Cache
from cxlib.report.each import Entry
from cxlib.report.each_page import page
from cxlib.report.execute import ChapterError
from cxlib.study_yml import read_codebook

LABELS = [*(label for name, label in TEXTS.items() if name != "long"), "x" * 200, "../..", "..\\..", "Same", "Same",
          "same!", "CON", "a/b"]  # fmt: skip
STUDY = """
    respondent: id
    private: [phone]
    questions:
      recommend: {role: metric, metric: nps}
      branch: {role: segment}
      age: {role: number}
"""
BRANCHES = {"North": 4, "South": 3, "Huế": 2}


def number(value: float, half: float, *, n=200, unit="points", label="NPS", ends=(-100, 100), note="") -> dict:
    """A number as a notebook records it; withheld under a base of 30."""
    told = text.with_base(text.number(value, unit), n, 30)
    data = {"label": label, "unit": unit, "n": n, "confidence": 0.95, "least": ends[0], "most": ends[1]}
    data |= {"value": value, "low": value - half, "high": value + half}
    between = text.with_confidence(text.interval(value - half, value + half, unit), 0.95)
    if told == "**":
        data, between = data | dict.fromkeys(("value", "low", "high")), ""
    return data | {"printed": {"value": told, "interval": between, "base": f"{n} answers", "note": note}}


def entry(label: str, respondents: int = 200, error: str = "", **numbers) -> Entry:
    return Entry(label, respondents, each.slug(label), numbers, error)


@pytest.fixture
def book(make):
    return read_codebook(make(STUDY, "id,phone,recommend,branch,age\n") / "study.yml", "")


@pytest.fixture
def shown(book):
    """shown(entries): the page, parsed."""
    return lambda *entries: lxml.html.fromstring(page(list(entries), book, "branch", look(line="")).decode())


def rows(root) -> list[list[str]]:
    return [[" ".join(cell.text_content().split()) for cell in row] for row in root.xpath("//tbody/tr")]


def facts(root) -> list[str]:
    return [fact.text_content() for fact in root.xpath("//ul[@class='facts']/li")]


class TestPage:
    def test_a_row_for_each_part_with_its_numbers_as_they_are_recorded(self, shown):
        root = shown(
            entry("Huế", 1234, nps=number(12.34, 5, note="last asked in 2025")),
            entry("Hà Nội", 20, nps=number(50, 5, n=20), csat=number(80, 4, n=60, unit="percent", label="CSAT")),
            entry("Cần Thơ", 7, error="chapter survey_analysis failed: cell 3: no <wave>"),
        )
        heads = [" ".join(head.text_content().split()) for head in root.xpath("//thead//th")]
        assert heads == ["Branch", "Respondents", "NPSbars: −100 to 100", "CSATbars: −100 to 100%"]
        assert rows(root) == [
            ["Huế", "1,234", "12.3 95% interval 7.3 to 17.3 200 answers last asked in 2025", "–"],
            ["Hà Nội", "20", "** 20 answers", "80.0%* 95% interval 76.0 to 84.0% 60 answers"],
            ["Cần Thơ", "7", "No report: chapter survey_analysis failed: cell 3: no <wave>"],
        ]
        assert root.xpath("//tbody//a/@href") == ["hue/index.html", "ha-noi/index.html"]
        assert [fact for fact in facts(root) if "interval" not in fact] == [
            "3 reports. 1 of them could not be made.",
            "Respondents: from 7 (Cần Thơ) to 1,234 (Huế).",
            "1 of 3 numbers are withheld, since they rest on fewer than 30 answers.",
        ]
        assert "Numbers on fewer than 30 answers are withheld (**)" in root.text_content()

    def test_the_file_that_was_made_is_the_one_that_is_linked(self, shown):
        root = shown(Entry("A", 5, "a", {}, "", "report.pdf"))
        assert root.xpath("//tbody//a/@href") == ["a/report.pdf"]

    def test_bars_of_a_number_share_one_scale(self, shown):
        """On -100 to 100 the place of 40 is 70%; without a declared scale from the least low to the greatest high."""
        sizes = {"unit": "count", "label": "Silent", "ends": (None, None)}
        root = shown(
            entry("A", nps=number(40, 10), silent=number(300, 100, **sizes)),
            entry("B", nps=number(-20, 20, n=9), silent=number(500, 200, **sizes)),
        )
        bars = [[tuple(float(rect.get(key)) for key in ("x", "width")) for rect in bar.xpath("rect")][1:]
                for bar in root.xpath("//svg")]  # fmt: skip
        assert bars == [[(65, 10), (69.4, 1.2)], [(0, 40), (19.4, 1.2)], [(20, 80), (59.4, 1.2)]]
        assert "bars: 200 to 700" in root.text_content()
        cells = root.xpath("//tbody/tr[2]/td")
        assert [cell.get("data-sort") for cell in cells] == ["200", None, "500"]

    def test_one_name_for_different_things_is_no_common_number(self, shown):
        """The largest persona of each part is another one: its own label stands in the cell, and no bar."""
        root = shown(
            *(entry(name, largest=number(value, 2, label=f"Largest persona: {name} spender"))
              for name, value in (("A", 10), ("B", 50), ("C", 90)))
        )  # fmt: skip
        assert root.xpath("string(//thead//th[3])") == "Largest persona"
        assert rows(root)[0][2].startswith("Largest persona: A spender 10.0 ")
        assert not root.xpath("//svg")
        assert facts(root)[2] == "No number is withheld for a small base."
        assert len(facts(root)) == 4

    def test_whose_interval_lies_clear_of_the_middle_one(self, shown):
        """qnorm(1 - 0.05 / 2 / 5) / qnorm(0.975) = 2.575829 / 1.959964 = 1.314: 50 ± 5 becomes ± 6.57.

        62 ± 5 lies above 55 but not above 56.57 when it is widened itself; 64 ± 5 does.
        """
        values = {"A": 64, "B": 50, "C": 48, "D": 62, "E": 30}
        told = facts(shown(*(entry(name, nps=number(value, 5)) for name, value in values.items())))
        assert told[3] == (
            "The order of the values is not a ranking: where two intervals overlap, chance alone may have put one "
            "before the other."
        )
        assert told[4] == (
            "NPS: 2 reports lie clear of the one in the middle (B), even when the intervals of all 5 are widened so "
            "that they hold at once: E (below), A (above)."
        )
        told = facts(shown(*(entry(name, nps=number(values[name], 5)) for name in "BCD")))
        assert told[4:] == [
            "NPS: no report lies clear of the one in the middle (B) when the intervals of all 3 are widened so that "
            "they hold at once."
        ]

    def test_larger_parts_are_not_said_to_stand_apart_for_their_size(self, shown):
        told = facts(
            shown(*(entry(name, silent=number(value, 5, unit="count", label="Silent"))
                    for name, value in (("A", 10), ("B", 500), ("C", 9000))))
        )  # fmt: skip
        assert len(told) == 4

    def test_text_is_text_and_nothing_comes_from_elsewhere(self, book):
        names = each._names(LABELS)
        entries = [Entry(label, 200, name, {"n": number(5, 2, label=label)}) for label, name in
                   zip(LABELS, names, strict=True)]  # fmt: skip
        entries.append(entry("failed", 3, error=TEXTS["script"]))
        made = page(entries, book, "branch", look())
        assert made == page(entries, book, "branch", look())
        root = lxml.html.fromstring(made.decode())
        (script,) = root.xpath("//script")
        (policy,) = root.xpath("//meta[@http-equiv]/@content")
        assert base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode() in policy
        assert not root.xpath("//tbody//img | //tbody//b | //@onerror | //@onmouseover")
        assert all(re.fullmatch("[a-z0-9-]+/index.html", link) for link in root.xpath("//tbody//@href"))
        assert not root.xpath("//@src[not(starts-with(., 'data:'))]")
        assert {1} == {len(one.xpath(".//th//bdi")) for one in root.xpath("//tbody/tr")}
        assert "filter" in root.xpath("//@id")
        assert root.xpath("//tbody/tr[1]/th")[0].text_content() == LABELS[0]

    def test_the_page_speaks_the_language_of_the_reports(self, book):
        language.speak("vi")
        root = lxml.html.fromstring(page([entry("Huế", 1234)], book, "branch", look()).decode())
        assert root.get("lang") == "vi"
        assert rows(root)[0][:2] == ["Huế", "1.234"]
        assert "không được công bố" in root.text_content()


class TestFolders:
    def test_every_label_has_a_folder_of_its_own_that_leads_nowhere_else(self):
        names = each._names(LABELS)
        assert len(set(names)) == len(LABELS)
        assert all(re.fullmatch("[a-z0-9-]{1,64}", name) for name in names)
        assert each._names(["Hồ Chí Minh", "Đà Nẵng", "../..", "", "Same", "same!", "CON", "x" * 200]) == [
            "ho-chi-minh", "da-nang", "value", "value-2", "same", "same-2", "con-value", "x" * 60
        ]  # fmt: skip


def notebook(chapter: str, parameters: dict, numbers: dict[str, dict]) -> str:
    """An executed notebook that publishes numbers."""
    more = {"kind": "number", "method": "", "n_effective": 5.0, "n_weighted": 5.0, "se": 1.0}
    outputs = [{"output_type": "display_data", "data": {MIME: more | {"name": name} | data}}
               for name, data in numbers.items()]  # fmt: skip
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# What?"},
        {"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs},
    ]
    about = {"cx": {"chapter": chapter}, "papermill": {"parameters": parameters}}
    return json.dumps({"metadata": about, "cells": cells})


@pytest.mark.parametrize(
    ("published", "found", "labels"),
    [
        ({"survey": ["nps", "csat"], "trips": ["fits", "nps"]}, ["nps", "csat", "fits"], ["survey", "survey", "trips"]),
        ({"survey": ["nps", "csat"], "summary": ["csat"]}, ["csat"], ["summary"]),
        ({"survey": ["nps"], "summary": []}, ["nps"], ["survey"]),
        ({"survey": []}, [], []),
    ],
)
def test_headline_numbers_are_the_summary_s_or_those_of_all_chapters_in_their_order(tmp_path, published, found, labels):
    (tmp_path / "notebooks").mkdir()
    for chapter, names in published.items():
        text = notebook(chapter, {}, {name: number(1, 1, label=chapter) for name in names})
        (tmp_path / "notebooks" / chapter).write_text(text, encoding="utf-8")
    plan = SimpleNamespace(chapters=[SimpleNamespace(chapter=name, notebook=name) for name in published])
    told = each._headline(run.Report(plan, None, tmp_path))
    assert list(told) == found
    assert [one["label"] for one in told.values()] == labels


class Executed:
    """Stands in for execution: a notebook that publishes the number of its part; fails for the part named."""

    def __init__(self):
        self.parts, self.failing = [], ""

    def __call__(self, planned, out):
        part = planned.parameters["part"].split(": ")[1]
        self.parts.append(part)
        if part == self.failing:
            raise ChapterError(planned, "cell 3 (Data and bases)", "CxError: no such wave")
        made = notebook(planned.chapter, planned.parameters, {"nps": number(len(part), 5)})
        out.write_text(made, encoding="utf-8")


@pytest.fixture
def executed(monkeypatch, tmp_path):
    """What stands in for execution, with a cache of its own."""
    found, cache = Executed(), Cache(tmp_path / "cache")
    monkeypatch.setenv("CX_KERNELS", "cold")
    monkeypatch.setattr(plans, "code_hash", lambda: "the same, whoever edits a module while this runs")
    monkeypatch.setattr(each, "Cache", lambda: cache)
    monkeypatch.setattr(each, "make", lambda reports, **_: run.run_all(reports, execute=found, cache=cache, workers=1))
    return found


def answers(branches: dict[str, int]) -> str:
    found = [f'{name}{i},09{i},{i % 11},"{name}",{20 + i}' for name, count in branches.items() for i in range(count)]
    return "\n".join(["id,phone,recommend,branch,age", *found, ""])


@pytest.fixture
def by(make, cx, executed, tmp_path):
    """by(branches, column): exit code, output and errors of cx report --each, into DIR/out."""

    def call(branches=BRANCHES, column="branch", *, out=tmp_path / "out", formats="xlsx"):
        folder = make(STUDY, answers(branches))
        executed.parts.clear()
        made = cx("report", folder, "--each", column, "--only", "survey_analysis", "--format", formats, "--out", out)
        return made[0], *(told.replace(str(tmp_path), "DIR") for told in made[1:])

    return call


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def folders(out) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.is_dir())


class TestCommand:
    def test_a_report_for_each_value_and_the_page_over_them(self, by, out, executed):
        assert by()[:2] == (0, "DIR/out/index.html: 3 reports by branch: 3 made\n")
        assert executed.parts == ["Huế", "North", "South"]
        assert sorted(path.name for path in out.iterdir()) == ["each.json", "hue", "index.html", "north", "south"]
        root = lxml.html.fromstring((out / "index.html").read_bytes().decode())
        # two, four and three of a branch: fewer than five are not counted where somebody may read it
        assert [row[:2] for row in rows(root)] == [["Huế", "[c]"], ["North", "[c]"], ["South", "[c]"]]
        assert [row[2].split()[0] for row in rows(root)] == ["3.0", "5.0", "5.0"]
        assert root.xpath("//tbody//@href") == [f"{name}/tables.xlsx" for name in ("hue", "north", "south")]
        assert all((out / link).is_file() for link in root.xpath("//tbody//@href"))
        record = json.loads((out / "each.json").read_text(encoding="utf-8"))
        assert record["column"] == "branch"
        assert [one["respondents"] for one in record["reports"]] == [None] * 3
        assert record["reports"][0]["numbers"]["nps"]["printed"]["value"] == "3.0"

    def test_a_second_run_makes_nothing_again(self, by, out, executed):
        by()
        before = (out / "index.html").read_bytes()
        assert by()[:2] == (0, "DIR/out/index.html: 3 reports by branch: 0 made, 3 unchanged\n")
        assert executed.parts == []
        assert (out / "index.html").read_bytes() == before

    def test_a_second_run_imports_neither_papermill_nor_pandas(self, by, out, tmp_path):
        by()
        code = (
            "import sys; from pathlib import Path; from cxlib.cli import cli; from cxlib.report import each;"
            "from cxlib.report.cache import Cache; each.Cache = lambda: Cache(Path(sys.argv[1]));"
            f"from cxlib.report import plan; plan.code_hash = lambda: {plans.code_hash()!r};"
            "cli(sys.argv[2:], standalone_mode=False);"
            "print(sorted({'papermill', 'pandas', 'numpy', 'matplotlib', 'nbformat'} & set(sys.modules)))"
        )
        given = ["--each", "branch", "--only", "survey_analysis", "--format", "xlsx", "--out", out]
        command = [sys.executable, "-c", code, tmp_path / "cache", "report", tmp_path, *given]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.stdout.splitlines() == [
            f"{out}/index.html: 3 reports by branch: 0 made, 3 unchanged",
            "[]",
        ], done.stderr

    def test_the_report_of_a_value_that_is_gone_goes_and_nothing_else(self, by, out):
        by()
        (out / "mine").mkdir()
        (out / "notes.txt").write_text("mine")
        by({"North": 4, "South": 3})
        assert folders(out) == ["mine", "north", "south"]
        assert (out / "notes.txt").is_file()

    def test_one_failure_stops_no_other_report(self, by, out, executed):
        executed.failing = "North"
        status, told, errors = by()
        assert (status, told) == (1, "DIR/out/index.html: 3 reports by branch: 2 made\n")
        assert errors.splitlines()[-3:] == [
            "cx: 1 of the reports failed:",
            "report  chapter          cell                     error",
            "north   survey_analysis  cell 3 (Data and bases)  CxError: no such wave",
        ]
        assert folders(out) == ["hue", "south"]
        root = lxml.html.fromstring((out / "index.html").read_bytes().decode())
        assert rows(root)[1][2].startswith("No report: chapter survey_analysis failed: notebook 02_survey_analysis")
        executed.failing = ""
        assert by()[:2] == (0, "DIR/out/index.html: 3 reports by branch: 1 made, 2 unchanged\n")
        assert executed.parts == ["North"]

    def test_a_run_that_was_broken_off_is_taken_up(self, by, out, executed, monkeypatch):
        def stop(planned, path):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Executed, "__call__", lambda self, planned, path: stop(planned, path))
            assert by()[0] != 0
        assert by()[:2] == (0, "DIR/out/index.html: 3 reports by branch: 3 made\n")

    def test_values_with_hostile_names(self, by, out):
        branches = {"../..": 3, "<b>x</b>": 3, "a: b": 3, "日本": 3, "x" * 200: 3, "Tab\there": 3, "CON": 3}
        status, told, errors = by(branches)
        assert (status, told) == (0, "DIR/out/index.html: 7 reports by branch: 7 made\n"), errors
        assert folders(out) == sorted(["value", "b-x-b", "a-b", "value-2", "x" * 60, "tab-here", "con-value"])
        root = lxml.html.fromstring((out / "index.html").read_bytes().decode())
        assert {row[0] for row in rows(root)} == {" ".join(name.split()) for name in branches}

    @pytest.mark.parametrize(
        ("column", "told"),
        [
            ("phone", "phone is private"),
            ("id", "id names single respondents"),
            ("age", "age is a number"),
            ("recommend", "recommend is a rating"),
            ("brnach", "there is no column brnach; did you mean branch?"),
        ],
    )
    def test_columns_that_make_no_parts(self, by, out, column, told):
        status, _, errors = by(column=column)
        assert status == 1
        assert told in errors
        assert len(errors.splitlines()) == 1
        assert not out.exists()

    def test_a_column_that_nobody_has(self, make, cx, executed, tmp_path):
        folder = make(STUDY, "id,phone,recommend,branch,age\n1,1,9,,30\n2,2,8,,30\n")
        status, _, errors = cx("report", folder, "--each", "branch", "--out", tmp_path / "out")
        assert (status, errors) == (1, "cx: nobody has a value of branch, so there is nothing to report by it\n")

    def test_a_folder_that_is_not_ours_is_left_alone(self, by, out):
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        status, _, errors = by()
        assert status == 1
        assert errors.startswith("cx: DIR/out is not a folder of reports (it holds no each.json)")
        for content in ("[]", "no json", '{"reports": 1}', '{"reports": [{}]}'):
            (out / "each.json").write_text(content)
            status, _, errors = by()
            assert (status, errors) == (
                1,
                "cx: DIR/out/each.json is no record of reports, so nothing is put there; choose --out\n",
            )
        assert sorted(path.name for path in out.iterdir()) == ["each.json", "mine.txt"]

    def test_a_record_that_names_other_folders_removes_nothing_there(self, by, out, tmp_path):
        by()
        (tmp_path / "elsewhere").mkdir()
        record = json.loads((out / "each.json").read_text(encoding="utf-8"))
        record["reports"] += [{"folder": name} for name in ("../elsewhere", "..", ".", "", "/")]
        (out / "each.json").write_text(json.dumps(record), encoding="utf-8")
        assert by()[0] == 0
        assert (tmp_path / "elsewhere").is_dir()
        assert folders(out) == ["hue", "north", "south"]


def many() -> list[Entry]:
    """Parts of all kinds, in no order: withheld, missing, failed, with accents, hostile."""
    names = ["Đà Nẵng", "Shop 10", "Shop 2", "An Giang", "Hà Nội", *(f"Branch {i}" for i in range(20))]
    found = [entry(name, 200 + i, nps=number((i * 7) % 31, 4), csat=number(80, 3, unit="percent", label="CSAT",
             ends=(0, 100))) for i, name in enumerate(names)]  # fmt: skip
    found[1] = entry("Shop 10", 12, nps=number(99, 4, n=12))
    found[3] = entry("An Giang", 9, error="it failed: " + "x" * 300)
    return found + [Entry(label, 300, f"h-{i}", {"nps": number(-5, 9)}) for i, label in enumerate(LABELS)]


@pytest.fixture
def opened(request, browser, book, tmp_path):  # noqa: F811
    """opened(width, …): the page in the browser, with what it requested and logged."""
    path = tmp_path / "index.html"
    path.write_bytes(page(many(), book, "branch", look()))
    found = []

    def visited(width: int, **options):
        found.append(visit(browser, path.as_uri(), width, **options))
        return found[-1]

    yield visited
    for one, _ in found:
        one.close()


def column(opened_page, place: int) -> list[str]:
    script = "(all, place) => all.map(r => (r.cells[place] || r.cells[2]).innerText.split('\\n')[0].trim())"
    return opened_page.eval_on_selector_all("tbody tr", script, place)


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)")
class TestBrowser:
    @pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
    def test_nothing_is_fetched_runs_over_or_is_barred(self, opened, width):
        seen_page, seen = opened(width)
        assert len([url for url in seen["requests"] if not url.startswith("data:")]) == 1
        assert seen["logged"] == []
        assert seen_page.evaluate("document.documentElement.scrollWidth") == width
        small = seen_page.eval_on_selector_all(
            "button, tbody a, input",
            "all => all.map(e => e.getBoundingClientRect()).filter(b => b.height < 24 || b.width < 24).length",
        )
        assert small == 0
        assert violations(seen_page) == []

    def test_every_column_is_sorted_by_click_and_by_keyboard(self, opened):
        seen_page, _ = opened(1280)
        before = column(seen_page, 0)
        name, people, nps = (seen_page.locator("thead button").nth(place) for place in range(3))
        nps.click()
        values = [float(one.replace("−", "-")) for one in column(seen_page, 2)[:-2]]
        assert values == sorted(values, reverse=True)
        assert column(seen_page, 0)[-2:] == ["Shop 10", "An Giang"]
        nps.focus()
        seen_page.keyboard.press("Enter")
        assert [float(one.replace("−", "-")) for one in column(seen_page, 2)[:-2]] == sorted(values)
        assert column(seen_page, 0)[-2:] == ["Shop 10", "An Giang"]
        assert seen_page.eval_on_selector_all("[aria-sort]", "all => all.map(e => e.ariaSort)") == ["ascending"]
        people.press("Space")
        assert column(seen_page, 1)[-2:] == ["12", "9"]
        name.click()
        names = column(seen_page, 0)
        wanted = ["An Giang", "Branch 0", "Branch 2", "Branch 19", "Đà Nẵng", "Hà Nội", "Shop 2", "Shop 10"]
        assert [one for one in names if one in wanted] == wanted
        assert sorted(names) == sorted(before)

    def test_a_row_is_found_by_its_name_without_accents(self, opened):
        seen_page, _ = opened(390)
        seen_page.fill("#filter", "da nang")
        assert seen_page.locator("tbody tr:visible th").all_inner_texts() == ["Đà Nẵng"]
        assert seen_page.locator("[role=status]").text_content() == f"1 of {len(many())} shown"
        seen_page.fill("#filter", "")
        assert seen_page.locator("tbody tr:visible").count() == len(many())
        assert seen_page.locator("[role=status]").text_content() == ""

    def test_without_script_and_in_print_all_is_there(self, opened):
        seen_page, _ = opened(1280, java_script_enabled=False)
        assert seen_page.locator("button:visible, input:visible").count() == 0
        assert seen_page.locator("tbody tr:visible").count() == len(many())
        seen_page.emulate_media(media="print")
        assert seen_page.locator("tbody tr:visible").count() == len(many())
