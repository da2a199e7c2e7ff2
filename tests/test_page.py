"""The report in a real browser, on a desk and on a phone: nothing runs off the page, is fetched, or is logged."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """The demo report as a file:// address."""
    out = tmp_path_factory.mktemp("page") / "demo"
    cx = Path(sys.executable).with_name("cx")
    subprocess.run([cx, "report", "data/demo", "--out", out], cwd=ROOT, check=True, capture_output=True)
    return (out / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        chromium = started.chromium.launch(executable_path=BROWSER, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(params=[1280, 390], ids=["desk", "phone"])
def opened(request, browser, address):
    """The page at one width, with what it requested and logged."""
    page = browser.new_page(viewport={"width": request.param, "height": 900}, reduced_motion="reduce")
    seen = {"requests": [], "console": []}
    page.on("request", lambda found: seen["requests"].append(found.url))
    page.on("console", lambda found: seen["console"].append(found.text))
    page.goto(address)
    yield page, seen, request.param
    page.close()


def test_nothing_is_fetched_or_logged(opened, address):
    _, seen, _ = opened
    assert [url for url in seen["requests"] if not url.startswith("data:")] == [address]
    assert seen["console"] == []


def test_the_page_never_scrolls_sideways(opened):
    page, _, width = opened
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_every_picture_is_shown_at_a_readable_size(opened):
    """Letters are drawn at 10 points in a figure of 5.2 inches (374 points): none comes out under 8 pixels."""
    page, _, _ = opened
    widths = page.eval_on_selector_all(
        "figure img", "all => all.map(i => [i.naturalWidth, i.getBoundingClientRect().width])"
    )
    assert len(widths) >= 5
    for natural, shown in widths:
        assert natural > 0
        assert shown * 10 / 374.4 >= 8


def test_no_text_of_a_card_or_heading_runs_out_of_its_box(opened):
    page, _, _ = opened
    boxes = ".number, .number p, h1, h2, h3, .findings li, .contents a, .caption, .inputs div"
    script = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 60))"
    assert page.eval_on_selector_all(boxes, script) == []


def test_tables_that_are_too_wide_scroll_inside_their_frame(opened):
    page, _, width = opened
    boxes = page.eval_on_selector_all(".table", "all => all.map(e => e.getBoundingClientRect().right)")
    assert boxes
    assert max(boxes) <= width


def test_contents_lead_to_the_sections(opened):
    page, _, _ = opened
    page.click("nav.contents a:has-text('Who stands apart?')")
    heading = page.locator("h2", has_text="Who stands apart?")
    assert -1 <= heading.bounding_box()["y"] <= 100
