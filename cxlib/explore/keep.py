"""How settings that were found in a panel are kept: as a command, and as lines of the notebook's parameter cell."""

import shlex
from functools import cache

from cxlib.language import tr
from cxlib.places import ROOT
from cxlib.published import notebook_parameters
from cxlib.report.plan import chapters


def changed(chapter: str, parameters: dict) -> dict:
    """The parameters that differ from the defaults of the chapter's notebook, in the notebook's order."""
    defaults = _defaults(chapter)
    return {name: parameters[name] for name in defaults if name in parameters and parameters[name] != defaults[name]}


@cache
def _defaults(chapter: str) -> dict:
    # The notebooks are large, and a panel asks with every move.
    return notebook_parameters(chapters()[chapter][0])


def command(study, chapter: str, parameters: dict) -> str:
    """The `cx report` line that runs the chapter with these parameters; study and values as a shell takes them."""
    words = ["cx", "report", _place(study.file.parent if study.file.name == "study.yml" else study.file)]
    if study.folder != study.file.parent:
        words += ["--data", _place(study.folder)]
    words += ["--only", chapter]
    for name, value in changed(chapter, parameters).items():
        words += ["-p", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return shlex.join(words)


def cell(chapter: str, parameters: dict) -> str:
    """The parameters as lines of Python, to paste over those of the notebook's parameter cell."""
    lines = [f"{name} = {value!r}" for name, value in changed(chapter, parameters).items()]
    return "\n".join(lines or [f"# {tr('These are the settings that the chapter begins with.')}"])


def _place(path) -> str:
    """A path as it is typed in the project's folder; the whole path where it lies elsewhere."""
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
