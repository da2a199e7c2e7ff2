"""A live panel: controls, the answer under their settings, and how to keep the settings.

A panel asks a pure function, `answer(**settings)`, which returns the parts to show. What is shown always names the
settings that it belongs to; from the moment that a control moves until the new answer is there the old one is pale.
"""

import asyncio
import html
import traceback
from collections.abc import Callable, Generator
from pathlib import Path

import ipywidgets

from cxlib.errors import CxError
from cxlib.explore.controls import Control
from cxlib.explore.keep import cell, command
from cxlib.explore.keys import Keys
from cxlib.explore.live import live, printed
from cxlib.explore.parts import Part
from cxlib.explore.spells import walked
from cxlib.language import tr

PAUSE = 0.06  # seconds without a further change before the panel answers
CSS = Path(__file__).with_name("panel.css")
STYLE = f"<style>{CSS.read_text(encoding='utf-8')}</style>"


class PanelKeys(Keys):
    """Keys with the panel's style: JupyterLab takes a <style> out of a widget's HTML."""

    _css = CSS


class Panel:
    """The panel of a chapter of a study.

    `answer` takes the settings by name and returns the parts to show; a CxError that it raises is shown in the panel,
    anything else as well, as the fault of this program that it is. Where it takes long it is work in steps (see
    cxlib.steps): the panel stays pale until it is done, and the kernel free; `ahead` then are the steps of what may be
    asked next, given the settings, done as long as the panel is open and nothing moves. `parameters` turns the settings
    into the chapter's parameters (default: they are the same); `idle` names the controls that have no part in the
    answer to the settings, and are put away meanwhile. Displayed as the last line of a cell it is live where
    somebody sits before the notebook; elsewhere it is its first answer as plain HTML, without widgets, and in a report,
    where panels have no place, the line that says how to come by it.
    """

    def __init__(
        self,
        study,
        chapter: str,
        controls: list[Control],
        answer: Callable[..., list[Part]],
        *,
        parameters: Callable[[dict], dict] = dict,
        ahead: Callable[..., Generator] | None = None,
        idle: Callable[[dict], set[str]] = lambda settings: set(),
    ):
        self.study, self.chapter = study, chapter
        self.controls = {control.name: control for control in controls}
        self.settings = {control.name: control.value for control in controls}
        self.widgets: dict[str, ipywidgets.Widget] = {}  # by setting; empty until the panel is opened
        self.parts: list[Part] = []
        self._answer, self._parameters, self._ahead, self._idle = answer, parameters, ahead, idle
        self._waiting: asyncio.TimerHandle | asyncio.Task | None = None
        self._body = self._box = None

    @property
    def parameters(self) -> dict:
        """The settings as parameters of the chapter."""
        return self._parameters(self.settings)

    @property
    def command(self) -> str:
        """The command that makes the chapter's report with these settings."""
        return command(self.study, self.chapter, self.parameters)

    @property
    def cell(self) -> str:
        """The lines of the notebook's parameter cell that hold these settings."""
        return cell(self.chapter, self.parameters)

    def set(self, **settings) -> "Panel":
        """Change settings and answer at once; raises CxError for a setting that the panel has not."""
        for name in settings:
            if name not in self.controls:
                raise CxError(f"the panel has no setting {name}; it has {', '.join(self.controls)}")
        self.settings |= settings
        self.update()
        return self

    def update(self) -> None:
        """Answer under the settings as they are now, in place of what was shown."""
        self._waiting = None
        self._show(self._parts())

    def _show(self, parts: list[Part]) -> None:
        self.parts = parts
        if self._box is not None:
            idle = self._idle(self.settings)
            for name, widget in self.widgets.items():
                widget.layout.display = "none" if name in idle else None
            self._body.value = self._page()
            self._command.value, self._cell.value = self.command, self.cell
            self._box.remove_class("cx-busy")

    def open(self) -> ipywidgets.Widget:
        """The widgets, made at the first call: controls, answer, and how to keep the settings."""
        if self._box is None:
            self.widgets = {name: control.build() for name, control in self.controls.items()}
            for name, widget in self.widgets.items():
                widget.observe(lambda change, name=name: self._moved(name, change["new"]), "value")
            row = ipywidgets.Box(list(self.widgets.values()), layout={"flex_flow": "row wrap", "align_items": "center"})
            self._body = ipywidgets.HTML()
            keeping = self._keeping()
            self._box = ipywidgets.VBox([PanelKeys(), row, self._body, *keeping])
            self._box.add_class("cx-panel")
            self._later(0)
        return self._box

    def _keeping(self) -> list[ipywidgets.Widget]:
        """The button that shows how to keep the settings, and the two fields that it shows."""
        wide = {"width": "98%", "max_width": "60rem"}
        style = {"description_width": "8rem"}
        self._command = ipywidgets.Textarea(description=tr("Command"), rows=2, layout=wide, style=style)
        self._cell = ipywidgets.Textarea(description=tr("Notebook cell"), rows=4, layout=wide, style=style)
        fields = ipywidgets.VBox([self._command, self._cell], layout={"display": "none"})
        button = ipywidgets.Button(description=tr("Use these settings"), layout={"width": "max-content"})

        def turn(_) -> None:
            fields.layout.display = None if fields.layout.display == "none" else "none"

        button.on_click(turn)
        return [button, fields]

    def _moved(self, name: str, value) -> None:
        """A control was moved: what is shown goes pale at once, and the answer follows when it stands still."""
        self.settings[name] = self.controls[name].read(value)
        self._box.add_class("cx-busy")
        if self._waiting is not None:
            self._waiting.cancel()
        self._later(PAUSE)

    def _later(self, pause: float) -> None:
        """Answer after a pause: at once, or in spells where the answer is made in steps."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script without a loop: nobody moves anything meanwhile
            self.update()
            return
        if hasattr(self._answer, "steps"):
            self._box.add_class("cx-busy")
            self._waiting = loop.create_task(self._walk(pause))
        elif pause:
            self._waiting = loop.call_later(pause, self.update)
        else:
            self.update()

    async def _walk(self, pause: float) -> None:
        """Answer in spells, and then work ahead until a control moves or the panel is closed."""
        await asyncio.sleep(pause)
        try:
            parts = await walked(self._answer.steps(**self.settings))
        except Exception as error:
            parts = _failed(error)
        self._show(parts)
        if self._ahead is not None:
            await walked(self._ahead(**self.settings), going=lambda: self._box.comm is not None)

    def _parts(self) -> list[Part]:
        try:
            return self._answer(**self.settings)
        except Exception as error:
            return _failed(error)

    def _page(self) -> str:
        idle = self._idle(self.settings)
        told = {name: one for name, one in self.controls.items() if name not in idle}
        words = "; ".join(f"{one.label}: {one.say(self.settings[name])}" for name, one in told.items())
        shown = f'<p class="cx-shown">{html.escape(tr("Shown for: {settings}", settings=words))}</p>'
        return f'<div class="cx-answer">{shown}{"".join(part.html for part in self.parts)}</div>'

    def _repr_mimebundle_(self, **_) -> dict:
        if live():
            return self.open()._repr_mimebundle_()
        if printed():
            return {"text/plain": tr("Run this cell in JupyterLab to try other settings.")}
        self._answer_first()
        return {"text/html": STYLE + self._page(), "text/plain": repr(self)}

    def _answer_first(self) -> None:
        if not self.parts:
            self.parts = self._parts()

    def __repr__(self) -> str:
        self._answer_first()
        return "\n".join(part.plain for part in self.parts)


def _failed(error: Exception) -> list[Part]:
    """What is shown in the place of an answer: a panel that lost an error would go on showing what no longer holds."""
    if isinstance(error, CxError):
        return [_alarm(str(error))]
    told = tr("This is a fault of the program, not of your data: {error}", error=repr(error))
    return [_alarm(told, "".join(traceback.format_exception(error)))]


def _alarm(told: str, details: str = "") -> Part:
    """An error as a part of the answer, read out by screen readers."""
    more = f"<details><summary>traceback</summary><pre>{html.escape(details)}</pre></details>" if details else ""
    return Part(f'<div class="cx-error" role="alert"><p>{html.escape(told)}</p>{more}</div>', f"{told}\n{details}")
