"""What the panel of the iceberg offers to choose from: published rates, waves, codes of complaints, and examples."""

from cxlib import complaints
from cxlib.anchors import ANCHORS
from cxlib.explore.controls import Control, choice, several
from cxlib.language import tr


def evidence(study) -> dict[str, str]:
    """Where the complaint rate may come from: as the study declares, its survey, and the published rates."""
    given = study.book.iceberg.rate
    options = {"": tr("as the study declares: {value}", value=tr(given) if given else tr("not declared"))}
    if study.has("survey"):
        options[complaints.SURVEY] = tr("the study's own survey")
    return options | {name: tr(anchor.label) for name, anchor in ANCHORS.items()}


def stated(study, rate: str) -> tuple[float, str]:
    """A rate that the list of evidence does not hold: as a number for the slider, or in words."""
    if rate in evidence(study):
        return 0.0, ""
    try:
        number = float(rate)
    except ValueError:
        return 0.0, rate
    return (number, "") if 0 < number <= 1 else (0.0, rate)


def waves(study, wave: str) -> list[Control]:
    """The waves to choose from; none where the survey has none."""
    if not study.has("survey") or not study.waves:
        return []
    return [choice("wave", tr("Wave"), {"": tr("the latest")} | {each: each for each in study.waves}, wave)]


def codes(study, column: str, label: str, value: str) -> list[Control]:
    """The severities or channels of complaints to choose from; none where the complaints do not tell."""
    table = study.table("complaints")
    if column not in table:
        return []
    name = "severity" if column == "severity" else "channels"
    given = getattr(study.book.iceberg, name)
    told = tr(given) if isinstance(given, str) else ", ".join(given) or tr("not declared")
    none = {"": tr("as the study declares: {value}", value=told), complaints.ALL: tr(complaints.ALL)}
    return [several(name, label, none | {code: code for code in sorted(table[column].dropna().unique())}, value)]


def example(study, setting: str) -> str:
    """The answers that the study declares, as they are typed; else a made-up example."""
    given = getattr(study.book.iceberg, setting)
    return "; ".join(f"{name}: {'|'.join(codes)}" for name, codes in list(given.items())[:1]) or "satisfaction: 1|2"


def day(study, end: int) -> str:
    """The first (0) or the last day (1) of the declared window, else a made-up one."""
    window = study.book.iceberg.window
    return str(window[end]) if window else ("2026-01-01", "2026-06-30")[end]


def offered(study) -> list[tuple[str, str]]:
    """What may be chosen from lists, a setting and its value each; of codes, one alone."""
    found = [("evidence", name) for name in evidence(study) if name in ("", complaints.SURVEY)]
    found += [("wave", wave) for wave in ("", *study.waves)] if study.has("survey") and study.waves else []
    table = study.table("complaints")
    for name, column in (("severity", "severity"), ("channels", "channel")):
        if column in table:
            found += [(name, code) for code in ("", complaints.ALL, *sorted(table[column].dropna().unique()))]
    return found
