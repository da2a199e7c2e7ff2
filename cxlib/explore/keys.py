"""Keys that are pressed in a control reach it, not the notebook around it."""

from pathlib import Path

import anywidget


class Keys(anywidget.AnyWidget):
    """Shows nothing. Beside other widgets it keeps JupyterLab from taking their keys for commands of the notebook."""

    _esm = Path(__file__).with_name("keys.js")
