"""The tables of the data-quality chapter: a study goes in, tidy frames come out."""

import pandas as pd

from cxlib import speed, text
from cxlib.answer_states import share, shares_by
from cxlib.flagged import check_name
from cxlib.language import noted, tr
from cxlib.private_cells import shown

LISTED = 40  # respondents left out that the report names; `cx data` names all


def checks(study, *, confidence=0.95) -> pd.DataFrame:
    """How many respondents each check marks, by wave: everybody, also those left out.

    Columns: check (its name, a message), wave (where there are waves), flagged, estimate (percent), low, high (Wilson,
    under the design without its weights), se, n, n_effective, applied (whether the study leaves them out), unit and
    method.
    """
    whole, frames = study.excluding(()), []
    by, flags = ["wave"] if study.waves else [], study.flags.astype(float)
    found = shares_by(whole, dict(flags.items()), by, confidence=confidence) if len(flags.columns) else None
    for check, marks in flags.items():
        rows = found[found["marks"] == check].reset_index(drop=True)
        counts = marks.groupby(whole.survey["wave"], observed=False).sum() if by else None
        rows["flagged"] = rows["wave"].map(counts).astype(int) if by else int(marks.sum())
        frames.append(rows.assign(check=check_name(check), applied=check in study.exclude))
    bases = ["n", "n_effective", "applied", "unit", "method"]
    columns = ["check", *by, "flagged", "estimate", "low", "high", "se", *bases]
    frame = pd.concat(frames, ignore_index=True).assign(unit="percent") if frames else pd.DataFrame()
    return frame.reindex(columns=columns)


def headline(study, wave: str | None, answered: pd.DataFrame, *, confidence=0.95) -> pd.DataFrame:
    """The chapter's numbers, for results.numbers(): the response rate, where it is known, and the share marked.

    `answered` is missingness.response()'s; marked is whom any check marks, of all respondents of the wave.
    A share under the minimum base has no row.
    """
    whole, marks = study.excluding(()), study.flags.any(axis=1).astype(float)
    here = whole.survey["wave"].astype(str) == wave if study.waves else pd.Series(True, index=marks.index)
    marked = share(whole, marks.where(here), confidence=confidence)
    rows = [marked | {"name": "marked", "label": tr("Marked by a check"), "note": tr("Marks accuse nobody.")}]
    known = of_wave(answered, wave)
    for rate in known[known["rate"] == "RR2"].to_dict("records"):
        about = {"name": "response_rate", "label": tr("Response rate")}
        rows.insert(0, rate | about | {"note": tr("AAPOR RR2; all invited taken as eligible.")})
    frame = pd.DataFrame(rows)
    bases = [
        tr("{n} invited, each counted once", n=text.number(n))
        if name == "response_rate"
        else tr("{n} respondents, each counted once", n=text.number(n))
        for n, name in zip(frame["n"], frame["name"], strict=True)
    ]
    frame = frame.assign(base=bases, n_weighted=frame["n"], least=0.0, most=100.0)
    return frame[frame["n"] >= study.book.minimum_base]


def check_rules(study) -> pd.DataFrame:
    """What each check looks for here and what it finds, or why it cannot be made: check, applied (yes, no), rule."""
    rules = study.checked.reasons.items()
    yes, no = noted("yes"), noted("no")
    rows = [(check_name(check), yes if check in study.exclude else no, rule) for check, rule in rules]
    return pd.DataFrame(rows, columns=["check", "applied", "rule"])


def left_out(study) -> pd.DataFrame:
    """The respondents whom the study leaves out, the first 40 of them: respondent (or row), wave, excluded (why)."""
    rows = study.everyone[study.everyone["excluded"] != ""].head(LISTED)
    who = pd.Series(rows.index + 1, index=rows.index).astype(str)
    if "respondent" in rows and all(shown(name) == name for name in rows["respondent"]):  # no phone, no mail address
        who = rows["respondent"]
    columns = {"respondent": who, **({"wave": rows["wave"].astype(str)} if "wave" in rows else {})}
    why = rows["excluded"].map(lambda checks: ", ".join(map(tr, checks.split(", "))))
    return pd.DataFrame({**columns, "excluded": why})


def times(study) -> pd.DataFrame:
    """The time of each interview beside the limit under which it counts as speeding, as speed.limits() gives them."""
    if "seconds" not in study.everyone:
        return pd.DataFrame(columns=["group", "seconds", "limit"])
    return speed.limits(study.everyone, fastest=study.book.quality.fastest)


def of_wave(frame: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """The rows of one wave; all of them where the frame or the study has none."""
    if wave is None or "wave" not in frame or frame.empty:
        return frame
    return frame[frame["wave"].astype(str).isin([wave, "all"])]


def named_waves(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose column wave says in words where a row is of all waves together."""
    return frame.assign(wave=frame["wave"].replace("all", tr("all")))


def last_asked(study, frame: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """The rows of each metric's last wave up to `wave`, as the verdicts take it; all rows of a study without waves."""
    if wave is None:
        return frame
    place = frame["wave"].map(study.waves.index)
    upto = place.where(place <= study.waves.index(wave))
    return frame[upto == upto.groupby(frame["name"]).transform("max")]


def as_changes(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of estimates beside their changes with the changes as estimates: `estimate`, low, high and se are theirs.

    The level stands in `level`; rows without a change are left out.
    """
    rows = frame[frame["change"].notna()]
    moved = {"estimate": "level", "change": "estimate"}
    moved |= {f"change_{part}": part for part in ("low", "high", "se")}
    return rows.drop(columns=["low", "high", "se"]).rename(columns=moved)


def named(patterns: pd.DataFrame) -> pd.DataFrame:
    """missingness.patterns() with the questions of a pattern in words, in the column left_out."""
    words = [text.join(list(questions)) or "–" for questions in patterns["questions"]]
    return patterns.assign(left_out=words)


def told(effect: pd.DataFrame) -> pd.DataFrame:
    """exclusion_effect.effect() with its checks as they are called, those that leave somebody out."""
    return effect[effect["left_out"] > 0].assign(check=lambda rows: rows["check"].map(check_name))


def weights(study, wave: str | None) -> pd.Series:
    """The weights of a wave's respondents; none where the survey has no weights."""
    if "weight" not in study.survey:
        return pd.Series([], dtype=float)
    return of_wave(study.survey, wave)["weight"]
