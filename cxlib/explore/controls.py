"""The controls of a panel: each a setting by name, its label, its first value, and the widget that changes it.

A control is a plain description; its widget is built where somebody can use it, and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets

from cxlib import text
from cxlib.errors import CxError, nearest
from cxlib.explore.slider import Slider
from cxlib.language import digits, spoken, tr

WIDE = {"description_width": "initial"}


@dataclass(frozen=True)
class Control:
    """One setting: `build` makes its widget, `read` turns the widget's value into the setting's, `say` into words."""

    name: str
    label: str
    value: Any
    build: Callable[[], ipywidgets.Widget]
    read: Callable[[Any], Any]
    say: Callable[[Any], str] = str


def choice(name: str, label: str, options: dict[Any, str], value) -> Control:
    """One of several: `options` are the values, each with its words; "" begins as the first where it is none of them.

    The first option usually stands for the chapter's own choice, "" or 0. Raises CxError for another value that is
    none of them: a panel that began with something else would show what nobody asked for.
    """
    listed = [(words, each) for each, words in options.items()]
    value = next(iter(options)) if value == "" and value not in options else value
    _check(name, value, options)
    return Control(
        name,
        label,
        value,
        lambda: ipywidgets.Dropdown(options=listed, value=value, description=label, style=WIDE),
        lambda chosen: chosen,
        lambda chosen: options.get(chosen, str(chosen)),
    )


def _check(name: str, value, options: dict) -> None:
    if value not in options:
        known = [str(each) for each in options if each != ""]
        raise CxError(f"{name} is one of {', '.join(known)}; found {value}{nearest(value, known)}")


def several(name: str, label: str, options: dict[str, str], value: str) -> Control:
    """Any of several, as the notebooks' parameters take them: names separated by commas; none chosen is "".

    What none chosen means is told by the words of an option "", which the list does not hold. Raises CxError for a name
    that the list does not hold.
    """
    listed = [(words, each) for each, words in options.items() if each]
    chosen = [part.strip() for part in value.split(",") if part.strip()]
    for each in chosen:
        _check(name, each, options)
    said = {"": tr("all")} | options
    return Control(
        name,
        label,
        ",".join(chosen),
        lambda: ipywidgets.SelectMultiple(
            options=listed, value=chosen, description=label, rows=min(len(listed), 6), style=WIDE
        ),
        ",".join,
        lambda names: text.join([said.get(name, name) for name in names.split(",")]),
    )


def slide(name: str, label: str, low: float, high: float, step: float, value: float, *, percent=False) -> Control:
    """A number on a scale; `percent` prints 0.1 as 10%. Whole steps give whole numbers."""
    whole = all(float(number).is_integer() for number in (low, high, step))
    return Control(
        name,
        label,
        value,
        lambda: Slider(
            description=label, minimum=low, maximum=high, step=step, value=value, percent=percent, language=spoken()
        ),
        int if whole else lambda moved: round(moved, 6),
        lambda number: digits(f"{100 * number:g}%" if percent else f"{number:g}"),
    )


def switch(name: str, label: str, value: bool) -> Control:
    """Yes or no."""
    return Control(
        name,
        label,
        value,
        lambda: ipywidgets.Checkbox(value=value, description=label, indent=False),
        lambda ticked: ticked,
        lambda ticked: tr("yes") if ticked else tr("no"),
    )


def entry(name: str, label: str, value: str, *, example: str = "") -> Control:
    """Words or a number typed in, taken with Enter or on leaving the field; `example` shows what may stand there."""
    hint = tr("e.g. {example}", example=example) if example else ""
    return Control(
        name,
        label,
        value,
        lambda: ipywidgets.Text(value=value, description=label, placeholder=hint, continuous_update=False, style=WIDE),
        str.strip,
        lambda words: words or "–",
    )
