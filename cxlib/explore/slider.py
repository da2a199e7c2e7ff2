"""A slider with an accessible name, which the one of ipywidgets lacks."""

from pathlib import Path

import anywidget
import traitlets


class Slider(anywidget.AnyWidget):
    """A number between `minimum` and `maximum` in steps, with its label (`description`) and its value in print.

    `percent` prints 0.1 as 10%; `language` is that of the printed number.
    """

    _esm = Path(__file__).with_name("slider.js")
    description = traitlets.Unicode().tag(sync=True)
    minimum = traitlets.Float().tag(sync=True)
    maximum = traitlets.Float().tag(sync=True)
    step = traitlets.Float().tag(sync=True)
    value = traitlets.Float().tag(sync=True)
    percent = traitlets.Bool().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
