"""What a report was made from and what there is here: data, parameters, code and environment, and where they part."""

from dataclasses import dataclass, replace

from cxlib.report.cell_verdicts import read_cells, shown
from cxlib.report.manifest import PLAN, Manifest
from cxlib.report.plan import Plan, Planned

DATA, PARAMETERS, CODE, ENVIRONMENT = "data", "parameters", "code", "environment"
NONE = "–"
DIGITS = 12  # of a SHA-256 that is shown


@dataclass(frozen=True)
class Divergence:
    """An input that is not what was recorded: its kind, what it is, as recorded, and as it is here."""

    kind: str
    what: str
    recorded: str
    here: str


def divergences(recorded: Manifest, here: Plan) -> list[Divergence]:
    """Where the inputs part: data first, then parameters, code and environment. `here` is planned anew."""
    was = recorded.plan
    told = [name for name in sorted(was.inputs.keys() | here.inputs.keys()) if not name.endswith((".yml", ".yaml"))]
    settings = sorted((was.inputs.keys() | here.inputs.keys()) - set(told))  # study.yml
    data = _apart(DATA, was.inputs, here.inputs, [*told, *settings], DIGITS)
    planned = {one.chapter: one for one in here.chapters}
    missing = [
        Divergence(DATA, one.chapter, one.notebook, here.left_out.get(one.chapter, NONE))
        for one in was.chapters
        if one.chapter not in planned
    ]
    parameters = [found for one in was.chapters for found in _parameters(one, planned.get(one.chapter))]
    notebooks = _apart(
        CODE,
        {f"notebooks/{one.notebook}": one.sha256 for one in was.chapters if one.chapter in planned},
        {f"notebooks/{planned[one.chapter].notebook}": planned[one.chapter].sha256 for one in here.chapters},
        [f"notebooks/{one.notebook}" for one in was.chapters if one.chapter in planned],
        DIGITS,
    )
    code = _apart(CODE, {"cxlib": was.code}, {"cxlib": here.code}, ["cxlib"], DIGITS)
    lock = _apart(ENVIRONMENT, {"lock": was.lock}, {"lock": here.lock}, ["lock"], DIGITS)
    lock = [replace(one, what="requirements.lock") for one in lock]
    versions = [*was.environment, *(name for name in here.environment if name not in was.environment)]
    packages = _apart(ENVIRONMENT, was.environment, here.environment, versions)
    return [*data, *missing, *_said_by_notebooks(recorded), *parameters, *code, *notebooks, *packages, *lock]


def as_recorded(here: Plan, recorded: Plan) -> Plan:
    """The plan with the recorded parameters, as far as its notebooks know them."""
    known = {one.chapter: one for one in recorded.chapters}
    chapters = tuple(replace(one, parameters=one.parameters | _taken(known[one.chapter], one)) for one in here.chapters)
    return replace(here, chapters=chapters)


def _apart(kind: str, was: dict, here: dict, names: list[str], digits: int | None = None) -> list[Divergence]:
    return [
        Divergence(kind, name, was.get(name, NONE)[:digits], here.get(name, NONE)[:digits])
        for name in names
        if was.get(name) != here.get(name)
    ]


def _taken(recorded: Planned, here: Planned) -> dict:
    """The recorded parameters that the notebook here can take: known to it, and of its default's type."""
    return {
        name: value
        for name, value in recorded.parameters.items()
        if name in here.parameters and _fits(value, here.parameters[name])
    }


def _fits(value, default) -> bool:
    return type(value) is type(default) or (type(default) is float and type(value) is int)


def _parameters(recorded: Planned, here: Planned | None) -> list[Divergence]:
    """Parameters that the notebook here does not take as they were recorded."""
    if here is None:
        return []
    was, now, taken = recorded.parameters, here.parameters, _taken(recorded, here)
    names = [*was, *(name for name in now if name not in was)]
    return [
        Divergence(PARAMETERS, f"{name} ({recorded.chapter})", shown(was.get(name, NONE)), shown(now.get(name, NONE)))
        for name in names
        if name not in taken
    ]


def _said_by_notebooks(recorded: Manifest) -> list[Divergence]:
    """Parameters that the executed notebooks record otherwise than the plan."""
    found = []
    for one in recorded.plan.chapters if recorded.folder else ():
        name = f"notebooks/{one.notebook}"
        read = read_cells(recorded.folder / name) if name in recorded.files else None
        given = read[0] if read else one.parameters
        found += [
            Divergence(PARAMETERS, f"{key} ({one.chapter})", shown(given.get(key, NONE)), f"{shown(value)} ({PLAN})")
            for key, value in one.parameters.items()
            if given.get(key) != value
        ]
    return found
