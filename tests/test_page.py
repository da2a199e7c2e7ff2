"""The report in a real browser, on a desk and on a phone: nothing is fetched or logged, runs off the page or is barred.

axe-core checks what a machine can of WCAG 2.2 AA; the keyboard alone must lead to all there is to read.
"""

import shutil

import pytest
from demo_document import demo
from hostile_document import TEXTS, hostile

from cxlib import language
from cxlib.report import html

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
WIDTHS = {"desk": 1280, "phone": 390}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)"),
]


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with playwright.sync_playwright() as started:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        chromium = started.chromium.launch(executable_path=BROWSER, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> dict[str, str]:
    """Reports as file:// addresses: the demo's, and one of hostile text."""
    folder, found = tmp_path_factory.mktemp("pages"), {}
    language.speak("en")
    for name, report in {"demo": demo(), "hostile": hostile()}.items():
        path = folder / f"{name}.html"
        path.write_bytes(html.render(report))
        found[name] = path.as_uri()
    return found


def visit(browser, address: str, width: int, **options):
    """A page at an address, with what it requested and logged."""
    page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce", **options)
    seen = {"requests": [], "logged": []}
    page.on("request", lambda found: seen["requests"].append(found.url))
    page.on("console", lambda found: seen["logged"].append(found.text))
    page.on("pageerror", lambda found: seen["logged"].append(str(found)))
    page.goto(address)
    return page, seen


@pytest.fixture(scope="module", params=WIDTHS.values(), ids=WIDTHS)
def opened(request, browser, addresses):
    """The demo's report at one width, with what it requested and logged."""
    page, seen = visit(browser, addresses["demo"], request.param)
    yield page, seen, request.param
    page.close()


def test_nothing_is_fetched_or_logged(opened, addresses):
    page, seen, _ = opened
    page.wait_for_load_state("networkidle")
    assert [url for url in seen["requests"] if not url.startswith("data:")] == [addresses["demo"]]
    assert seen["logged"] == []


def test_the_page_never_scrolls_sideways(opened):
    page, _, width = opened
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false; })")


def test_every_picture_is_shown_at_a_readable_size(opened):
    """Letters are drawn at 10 points, those of the widest drawings at 7: none comes out under 5.5 pixels."""
    page, _, _ = opened
    script = "all => all.map(i => [i.naturalWidth, i.getAttribute('width'), i.getBoundingClientRect().width])"
    pictures = page.eval_on_selector_all("figure img", script)
    assert len(pictures) >= 5
    for natural, points, shown in pictures:
        assert natural > 0
        assert shown / int(points) >= (0.8 if int(points) < 500 else 0.75)


def test_no_text_of_a_card_or_heading_runs_out_of_its_box(opened):
    page, _, _ = opened
    boxes = ".number, .number p, h1, h2, h3, h4, .findings li, .contents a, figcaption, caption span"
    script = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 60))"
    assert page.eval_on_selector_all(boxes, script) == []


def test_tables_that_are_too_wide_scroll_inside_their_frame(opened):
    page, _, width = opened
    boxes = page.eval_on_selector_all(".table", "all => all.map(e => e.getBoundingClientRect().right)")
    assert boxes
    assert max(boxes) <= width


def test_every_target_is_large_enough_for_a_finger(opened):
    """WCAG 2.2, 2.5.8: 24 pixels each way, links within a sentence excepted."""
    page, _, _ = opened
    script = (
        "all => all.map(e => [e.textContent.trim().slice(0, 40), e.getBoundingClientRect()])"
        ".filter(([, box]) => box.width && (box.height < 24 || box.width < 24)).map(([text]) => text)"
    )
    assert page.eval_on_selector_all(".contents a, summary, button, .back a, figcaption a", script) == []


def test_contents_lead_to_the_chapters_and_back(opened):
    page, _, width = opened
    title = demo().chapters[2].title
    page.click(f"nav.contents a:has-text({title!r})")
    assert -1 <= page.locator("h2", has_text=title).bounding_box()["y"] <= 100
    page.locator("article", has=page.locator("h2", has_text=title)).locator(".back a").click()
    assert page.locator("#contents").bounding_box()["y"] <= 100
    if width > 860:
        page.click("nav.contents a:has-text('Who stands apart?')")
        assert -1 <= page.locator("h3", has_text="Who stands apart?").bounding_box()["y"] <= 100


def test_a_link_to_a_folded_table_opens_it(opened):
    page, _, _ = opened
    name = page.eval_on_selector("details .tabled", "one => one.id")
    assert not page.locator(f"#{name}").is_visible()
    page.evaluate("name => { location.hash = name; }", name)
    page.wait_for_function("name => document.getElementById(name).closest('details').open", arg=name)
    assert page.locator(f"#{name}").is_visible()


def violations(page) -> list[tuple]:
    """What axe-core finds, in folded tables too; of each table the first rows, since all others are like them."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n + 3)').forEach(one => one.remove())")
    found = axe.Axe().run(page, options=RULES).response
    assert found["testEngine"]["name"] == "axe-core"
    return [(one["id"], one["help"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_axe_finds_no_violation(browser, addresses, name, width):
    page, _ = visit(browser, addresses[name], width)
    assert violations(page) == []
    page.close()


def test_axe_would_find_one(browser, addresses):
    page, _ = visit(browser, addresses["hostile"], 390)
    page.evaluate("document.querySelector('figure img').removeAttribute('alt')")
    page.evaluate("document.querySelector('caption').style.color = '#ccc'")
    assert {"image-alt", "color-contrast"} <= {one[0] for one in violations(page)}
    page.close()


def test_the_keyboard_alone_leads_to_all_there_is(browser, addresses):
    """Tab from the top: the link past the contents, the contents, then tables, folded numbers and buttons in order."""
    page, _ = visit(browser, addresses["hostile"], 390)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "(e => [e.className || e.tagName.toLowerCase(), getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        if place[0] == "body":
            break
        reached.append(place)
        if place[0] == "summary":
            page.keyboard.press("Enter")
    kinds = [kind for kind, _ in reached if kind != "a"]
    assert kinds[:3] == ["summary", "table", "copy"]
    assert kinds.count("table") == kinds.count("copy") == 3
    assert kinds.count("summary") == 1
    assert {style for _, style in reached} == {"solid"}
    assert page.evaluate("document.querySelector('details').open")
    page.close()


def test_a_copied_table_is_cells_of_text_and_numbers(browser, addresses):
    page, seen = visit(browser, addresses["hostile"], 1280)
    page.evaluate(
        "() => { window.put = {};"
        " DataTransfer.prototype.setData = function (kind, text) { window.put[kind] = text; }; }"
    )
    page.locator(".tabled", has=page.locator("text=1.0%")).locator("button").click()
    put = page.evaluate("window.put")
    rows = [line.split("\t") for line in put["text/plain"].split("\n")]
    assert rows[-1] == [TEXTS["long"], "1.0%", "2.0%", "3.0%"]
    assert rows[1] == ["Answer", "A", "B", "C"]
    assert len({len(row) for row in rows}) == 1
    assert "<script" not in put["text/html"]
    page.locator("summary").click()
    page.locator("details button").click()
    formula = page.evaluate("window.put['text/plain']").split("\n")[-1].split("\t")[list(TEXTS).index("formula")]
    assert formula == "'" + TEXTS["formula"]
    assert page.locator("#copied").text_content() == "The table was copied."
    assert seen["logged"] == []
    page.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_hostile_text_breaks_no_layout_and_runs_no_script(browser, addresses, width):
    page, seen = visit(browser, addresses["hostile"], width)
    page.evaluate("document.querySelector('details').open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [url for url in seen["requests"] if not url.startswith("data:")] == [addresses["hostile"]]
    assert seen["logged"] == []
    page.close()


def test_without_scripts_all_is_there_but_the_buttons(browser, addresses):
    page, _ = visit(browser, addresses["demo"], 1280, java_script_enabled=False)
    assert page.locator("button:visible").count() == 0
    page.locator("summary").first.click()
    assert page.locator("details .table").first.is_visible()
    page.close()


def test_print_shows_what_is_folded_and_cuts_no_table(browser, addresses):
    page, _ = visit(browser, addresses["demo"], 700)
    page.emulate_media(media="print")
    heights = page.eval_on_selector_all("details .table", "all => all.map(one => one.getBoundingClientRect().height)")
    assert heights
    assert min(heights) > 30
    assert not page.locator("summary").first.is_visible()
    page.close()
