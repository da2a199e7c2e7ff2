"""The notebooks in a real JupyterLab: each runs to its end, and each panel is used by keyboard alone.

The server shows a temporary copy of the notebooks; its kernels are this environment's, and read the demo study.
"""

import json
import shlex
import shutil

import lab_page
import pytest
from lab_server import ROOT, serving
from test_notebooks import leavings
from test_page import BROWSER, RULES

from cxlib.report.plan import make_plan

NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("[!.]*.ipynb"))
GUIDE = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks/guide").glob("*.md"))
PANELS = [path for path in NOTEBOOKS if path.startswith(tuple(f"notebooks/0{number}" for number in range(1, 6)))]
MOVED = ("select-one", "select-multiple", "range", "checkbox", "text")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian package chromium)"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A copy of what the tour leads to, and of the demo study."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "data/demo", folder / "data/demo", ignore=shutil.ignore_patterns("__pycache__"))
    for path in ["README.md", "data/README.md", *NOTEBOOKS, *GUIDE]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    return folder


@pytest.fixture(scope="module")
def lab(root, tmp_path_factory):
    arguments = ["--expose-app-in-browser", "--LabApp.default_url=/lab/tree/README.md"]
    with serving(tmp_path_factory.mktemp("lab"), root, *arguments) as started:
        yield started


@pytest.fixture(scope="module")
def page(lab):
    """JupyterLab as it opens, and what it logs and fetches."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with playwright.sync_playwright() as begun:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        chromium = begun.chromium.launch(executable_path=BROWSER, args=quiet)
        with lab_page.a_page(chromium, lab) as opened:
            yield opened
        chromium.close()


def test_it_opens_at_the_readme_whose_links_open_the_notebooks(page):
    """The README stands there as it is meant to be read, and a link to a notebook opens it beside."""
    page, seen = page
    readme = page.locator(".jp-MarkdownViewer")
    readme.locator("h1", has_text="CX Workbook").wait_for()
    linked = readme.locator("a").evaluate_all("all => all.map(one => decodeURI(one.href))")
    for path in NOTEBOOKS:
        if "new_chapter" not in path:
            assert any(path in link for link in linked), path
    readme.locator("a", has_text="02_survey_analysis").first.click()
    page.wait_for_function(lab_page.READY, arg="notebooks/02_survey_analysis.ipynb")
    assert (seen.logged, seen.fetched) == ([], [])


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.rpartition("/")[2].removesuffix(".ipynb"))
def notebook(request, page, lab, root):
    """A notebook that was opened and run from its first cell to its last."""
    opened, seen = page
    seen.logged.clear(), seen.fetched.clear()
    lab_page.open_notebook(opened, request.param)
    done = lab_page.run_all(opened)
    yield request.param, done
    lab_page.close(opened, lab, request.param)


def test_it_runs_to_its_end_and_logs_nothing(notebook, page, root):
    """As somebody does it who then saves: no error in the file, in the console or from the network.

    What JupyterLab saved is not what is committed; the rule that says so sees it.
    """
    path, done = notebook
    opened, seen = page
    lab_page.save(opened)
    cells = json.loads((root / path).read_text("utf-8"))["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert [one for one in outputs if one["output_type"] == "error" or one.get("name") == "stderr"] == []
    assert done
    assert len(outputs) > 5
    assert (seen.logged, seen.fetched) == ([], [])
    assert "it was saved by an editor" in leavings(root / path)


def test_the_keyboard_moves_every_control_and_the_answer_follows(notebook, page):
    """Tab from the cell into the panel and on; arrows, Space and typing change it, and back again to what was shown.

    Lists of which several may be chosen come last, from behind: what they choose may take other controls away. A
    setting that the data cannot bear is told in the panel, as a rule of the data and never as a fault.
    """
    path, _ = notebook
    opened, seen = page
    if path not in PANELS:
        pytest.skip("no panel in this notebook")
    panel = lab_page.panel_of(opened, "explore")
    assert lab_page.shown(panel)["error"] == ""
    there = [tuple(one) for one in panel.evaluate(lab_page.CONTROLS) if one[0] in MOVED]
    moved, words, pictures = [], set(), set()

    def use(kind: str, label: str) -> None:
        before = lab_page.shown(panel)
        back = lab_page.move(opened, kind)
        now = lab_page.changed(panel, before)
        assert not now["fault"], (label, now["error"])
        moved.append((kind, label))
        words.update([label] * (now["words"] != before["words"] and not now["error"]))
        pictures.update([label] * (now["pictures"] != before["pictures"] and not now["error"]))
        if back:
            lab_page.press(opened, back)
            assert lab_page.alike(lab_page.changed(panel, now), before), label

    kind, label = lab_page.tab_into(opened)
    while kind != "submit":
        if kind in MOVED and kind != "select-multiple":
            use(kind, label)
        opened.keyboard.press("Tab")
        focused = opened.evaluate(lab_page.FOCUSED)
        assert focused, f"Tab left the panel before its button, to {lab_page.focus(opened)}"
        kind, label = focused
    while focused := opened.evaluate(lab_page.FOCUSED):
        if focused[0] == "select-multiple":
            use(*focused)
        opened.keyboard.press("Shift+Tab")
    assert sorted(moved) == sorted(there)
    assert words, "no control changes a number"
    assert pictures, "no control changes the picture"
    assert (seen.logged, seen.fetched) == ([], [])


def test_its_settings_can_be_kept_as_a_command_and_as_a_cell(notebook, page, root):
    """The command is one that `cx report` understands, the cell is Python."""
    path, _ = notebook
    opened, _ = page
    if path not in PANELS:
        pytest.skip("no panel in this notebook")
    panel = lab_page.panel_of(opened, "explore")
    panel.get_by_role("button", name="Use these settings").focus()
    opened.keyboard.press("Enter")
    fields = panel.locator("textarea:visible")
    fields.first.wait_for()
    command, cell = (field.input_value() for field in fields.all())
    words = shlex.split(command)
    assert words[:3] == ["cx", "report", str(root / "data/demo")]
    chapter, given = words[words.index("--only") + 1], [words[i + 1] for i, word in enumerate(words) if word == "-p"]
    plan, _ = make_plan(words[2], only=[chapter], parameters=dict(each.split("=", 1) for each in given))
    assert plan.chapters[0].notebook == path.removeprefix("notebooks/")
    compile(cell, "cell", "exec")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_no_violation_in_the_panel(notebook, page, theme):
    """Names of controls, contrast and the like, in WCAG 2.2 AA."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    path, _ = notebook
    opened, _ = page
    if path not in PANELS:
        pytest.skip("no panel in this notebook")
    change = "async theme => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }"
    opened.evaluate(change, theme)
    opened.wait_for_function("theme => document.body.dataset.jpThemeName == theme", arg=theme)
    lab_page.panel_of(opened, "explore")
    found = axe.Axe().run(opened, context=".cx-panel", options=RULES).response
    assert [(one["id"], one["help"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []


def test_a_study_is_written_by_form_and_keyboard(notebook, page):
    """The tutorial's form: a question is chosen in the list, confirmed, and the study written and found sound."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    path, _ = notebook
    opened, seen = page
    if not path.endswith("tutorial.ipynb"):
        pytest.skip("no form in this notebook")
    form = lab_page.panel_of(opened, "form", ".cx-form")
    heading, listed = form.locator("h3"), form.get_by_label("Questions")
    first = heading.inner_text()
    listed.focus()
    opened.keyboard.press("ArrowDown")
    opened.wait_for_function("first => document.querySelector('.cx-form h3').innerText != first", arg=first)
    form.get_by_role("button", name="Confirm and go on").focus()
    opened.keyboard.press("Enter")
    form.locator("option", has_text="✓").first.wait_for(state="attached")
    assert form.locator("option", has_text="✓").count() == 1
    assert "1 of" in form.locator("p", has_text="questions are decided").inner_text()
    found = axe.Axe().run(opened, context=".cx-form", options=RULES).response
    assert [(one["id"], one["help"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    form.get_by_role("button", name="Write study.yml").focus()
    opened.keyboard.press("Enter")
    form.get_by_text("cx report").wait_for()
    assert (seen.logged, seen.fetched) == ([], [])
