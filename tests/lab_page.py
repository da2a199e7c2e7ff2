"""Driving JupyterLab in Chromium: opening and running a notebook, and using a panel's controls by keyboard alone."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

# What JupyterLab 4.6 writes into the console by itself, whole messages.
NOISE = re.compile(r"Starting application in workspace: .*|Starting WebSocket: ws://localhost:\d+/api/kernels/[\w-]+")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
READY = f"""path => (panel => panel?.context?.path == path && panel.context.isReady && panel.sessionContext.isReady
    && panel.sessionContext.session?.kernel?.connectionStatus == 'connected'
    && panel.sessionContext.session.kernel.status == 'idle')({NOTEBOOK})"""
# The kind, place and words of each control of a panel that Tab can reach, in their order.
CONTROLS = """panel => [...panel.querySelectorAll('select, input, button, textarea, summary, [tabindex="0"]')]
    .filter(one => !one.disabled && one.offsetParent !== null)
    .map(one => [one.type || one.tagName.toLowerCase(), (one.labels?.[0] || one).textContent.trim()])"""
# What a panel shows: the settings it belongs to, its words and numbers, its pictures (without the ids of matplotlib,
# which are made of the last bits of what is drawn); null while it is being made.
SHOWN = """panel => panel.classList.contains('cx-busy') ? null : {
    settings: panel.querySelector('.cx-shown').textContent,
    words: panel.querySelector('.cx-answer').innerText.replace(panel.querySelector('.cx-shown').innerText, ''),
    pictures: [...panel.querySelectorAll('.cx-answer img')].map(
        one => atob(one.src.split(',')[1]).replace(/[mp][0-9a-f]{10}/g, 'id')),
    error: panel.querySelector('.cx-error')?.innerText || '',
    fault: panel.querySelector('.cx-error details') !== null}"""
FOCUSED = """(one => one && [one.type || one.tagName.toLowerCase(), (one.labels?.[0] || one).textContent.trim()])(
    document.activeElement?.closest('.cx-panel') && document.activeElement)"""


@dataclass
class Seen:
    """What a page logged and what it asked of other places, since it was last looked at."""

    logged: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)


@contextmanager
def a_page(browser, lab, path: str = ""):
    """JupyterLab in a browser, opened at a path or where it opens by itself, and what it logs."""
    page, seen = browser.new_page(viewport={"width": 1400, "height": 1000}, reduced_motion="reduce"), Seen()
    page.set_default_timeout(60_000)
    page.on("console", lambda found: NOISE.fullmatch(found.text) or seen.logged.append(f"{found.type}: {found.text}"))
    page.on("pageerror", lambda found: seen.logged.append(f"page: {found}"))
    ours = (lab.url, lab.url.replace("http", "ws", 1), "data:", "blob:")
    page.on("request", lambda asked: asked.url.startswith(ours) or seen.fetched.append(asked.url))
    page.goto(lab.address(path))
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget")
    yield page, seen
    page.close()


def open_notebook(page, path: str) -> None:
    """Open a notebook in front, and wait for its kernel."""
    page.evaluate("async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    page.wait_for_function(READY, arg=path)


def run_all(page) -> bool:
    """Run > Run All Cells; whether every cell came to its end."""
    return page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")


def save(page) -> None:
    """Ctrl+S, and wait until all is written."""
    page.keyboard.press("Control+s")
    page.wait_for_function(f"!{NOTEBOOK}.context.model.dirty")


def close(page, lab, path: str) -> None:
    """Close the notebook in front, saved or not, and end its kernel."""
    page.evaluate(f"{NOTEBOOK}.context.model.dirty = false; {NOTEBOOK}.close()")
    for session in lab.get("api/sessions"):
        if session["path"] == path:
            lab.get(f"api/sessions/{session['id']}", method="DELETE")


def panel_of(page, cell: str, panel: str = ".cx-panel"):
    """The panel below the cell of that id, scrolled to."""
    page.evaluate(
        f"""async id => {{
            const notebook = {NOTEBOOK}.content;
            const index = notebook.widgets.findIndex(cell => cell.model.id == id);
            notebook.activeCellIndex = index;
            await notebook.scrollToItem(index, 'start');
            notebook.activeCell.node.focus();
        }}""",
        cell,
    )
    found = page.locator(panel)
    found.wait_for()
    return found


def shown(panel) -> dict:
    """What a panel shows when it stands still."""
    page = panel.page
    found = page.wait_for_function(f"() => ({SHOWN})(document.querySelector('.cx-panel'))")
    return found.json_value()


def changed(panel, before: dict) -> dict:
    """What a panel shows when it shows it for other settings than before."""
    script = f"before => (now => now && now.settings != before && now)(({SHOWN})(document.querySelector('.cx-panel')))"
    return panel.page.wait_for_function(script, arg=before["settings"]).json_value()


def alike(one: dict, other: dict) -> bool:
    """Whether a panel showed the same twice: pictures to a hundredth of a point.

    What is computed again from the same data may differ in its last bit, as its place in memory decides how a product
    of matrices is summed.
    """
    pictures = one["pictures"], other["pictures"]
    words = [[NUMBER.sub("", picture) for picture in of] for of in pictures]
    places = [[float(number) for picture in of for number in NUMBER.findall(picture)] for of in pictures]
    same = {**one, "pictures": words[0]} == {**other, "pictures": words[1]}
    return same and places[0] == pytest.approx(places[1], rel=0, abs=0.01)


def tab_into(page, most: int = 25) -> tuple[str, str]:
    """Tab until something in the panel has the focus: its kind and its words."""
    for _ in range(most):
        if found := page.evaluate(FOCUSED):
            return tuple(found)
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead into the panel; the focus is on {focus(page)}")


def focus(page) -> str:
    return page.evaluate("document.activeElement.outerHTML").split(">")[0] + ">"


def move(page, kind: str) -> list[str]:
    """Change the control that has the focus, and tell the keys that change it back.

    There are none for a list of which several may be chosen, and for a choice whose words promise to take seconds.
    """
    state = page.evaluate(
        "(one => [one.selectedIndex, one.options?.length, Number(one.value) >= Number(one.max), one.placeholder,"
        " one.selectedOptions?.[0]?.textContent || ''])(document.activeElement)"
    )
    index, length, full, example, chosen = state
    if "second" in chosen:
        keys, back = (["ArrowDown"] if index + 1 < length else ["ArrowUp"]), []
    elif kind == "select-one":
        keys, back = (["ArrowDown"], ["ArrowUp"]) if index + 1 < length else (["ArrowUp"], ["ArrowDown"])
    elif kind == "select-multiple":
        keys, back = (["ArrowDown"], []) if index + 1 < length else (["ArrowUp"], [])
    elif kind == "range":
        keys, back = (["ArrowLeft"], ["ArrowRight"]) if full else (["ArrowRight"], ["ArrowLeft"])
    elif kind == "checkbox":
        keys, back = ["Space"], ["Space"]
    elif kind == "text":
        keys, back = [*example.removeprefix("e.g. "), "Enter"], ["Control+a", "Delete", "Enter"]
    else:
        raise AssertionError(f"no way to move a control of the kind {kind}")
    press(page, keys)
    return back


def press(page, keys: list[str]) -> None:
    for key in keys:
        page.keyboard.press(key)
