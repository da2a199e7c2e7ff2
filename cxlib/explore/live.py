"""Whether somebody sits before this notebook who could move a control, or reads what it shows."""

import os

from cxlib import kept


def live() -> bool:
    """True in a notebook that a person runs, False in a script, a terminal, and under papermill, nbconvert or nbval.

    The protocol tells: a front end that can ask its user something (JupyterLab, Notebook, VS Code) allows it with
    every cell that it runs (`allow_stdin`); whatever runs notebooks unattended does not.
    """
    from IPython import get_ipython

    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


def printed() -> bool:
    """True while the notebook is executed for a report: panels stand in none, and nobody waits for their answers."""
    return kept.FOLDER in os.environ
