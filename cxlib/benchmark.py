"""The benchmark table: competitors' scores, answers or checklists, checked against the survey and made into tallies.

A published score tells a mean and a base, but the spread of answers only where they score one of two values: p(1 - p).
For any other metric the spread is at most (most - score)(score - least) (Bhatia and Davis, American Mathematical
Monthly 107 (2000) 353-357): 1 - s^2 for an NPS of s, with nobody passive. How far answers fill that is not published;
counts() takes it as an argument, unless the table gives standard errors.
"""

from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from cxlib import survey
from cxlib.counts import tally
from cxlib.errors import CxError, nearest
from cxlib.language import tr
from cxlib.metrics import Metric, kind_of, levels

FORMS = (
    "scores (keys metric, score and n), answers (questions with `role: metric`) or checklists (questions with "
    "`role: driver` on a scale of [0, 1])"
)
PLACE = ["company", "wave"]

_PUBLISHED: WeakKeyDictionary = WeakKeyDictionary()  # the published scores of a study, once they are checked


def form(study) -> str:
    """scores, answers or checklists: what the benchmark table holds. Raises CxError for none or several of them."""
    spec = study.book.tables["benchmark"]
    asks = bool(study.questions("metric", "benchmark"))
    parts = {
        "scores": {"metric", "score", "n"} & set(spec.keys),
        "answers": asks,
        "checklists": _items(study) and not asks,
    }
    found = [name for name, there in parts.items() if there]
    if len(found) != 1:
        held = " and ".join(found) or "none of them"
        raise CxError(f"{study.file}: the benchmark holds {FORMS}; it has {held}")
    needed = ["competitor", *(["metric", "score", "n"] if found == ["scores"] else [])]
    lacking = [key for key in needed if key not in spec.keys]
    if lacking:
        raise CxError(f"{study.file}: the benchmark does not say which column holds: {', '.join(lacking)}")
    if spec.own and found != ["checklists"]:
        raise CxError(f"{study.file}: `own:` goes with checklists; beside {found[0]}, ours come from the survey")
    return found[0]


def _items(study) -> list[str]:
    """The items of a checklist: drivers of the benchmark on a scale of 0, failed, to 1, passed."""
    spec = study.book.tables["benchmark"].questions
    return [name for name in study.questions("driver", "benchmark") if spec[name].scale == (0, 1)]


def own_name(study) -> str:
    """What our own company is called: the study's client, else its name on the checklists."""
    return study.book.client or study.book.tables["benchmark"].own or tr("Own company")


def waves(study) -> list[str]:
    """The waves in which we can be compared, in order; one, "", where there are no waves.

    For checklists the benchmark's waves, else those that it shares with the survey. Raises CxError where only one of
    them has waves, or they share none.
    """
    theirs = study.levels("wave", "benchmark") if "wave" in study.table("benchmark") else []
    if form(study) == "checklists":
        return theirs or [""]
    if bool(theirs) != bool(study.waves):
        have, lack = ("survey", "benchmark") if study.waves else ("benchmark", "survey")
        raise CxError(f"{study.file}: the {have} has waves and the {lack} has none; its `wave:` must name a column")
    both = [wave for wave in study.waves if wave in theirs]
    if theirs and not both:
        raise CxError(
            f"the benchmark and the survey share no wave; the benchmark has {', '.join(theirs)}, the survey "
            f"{', '.join(study.waves)}"
        )
    return both or [""]


def metrics(study) -> pd.DataFrame:
    """The metrics that can be compared: the columns of survey.metrics(), of which question is None for checklists."""
    if form(study) == "checklists":
        called = (tr("Mystery shopping"), tr("Share of the checklist passed"))
        about = ("checklist", None, *called, "percent", 0.0, 100.0)
        return pd.DataFrame([about], columns=["name", "question", "label", "text", "unit", "least", "most"])
    known = survey.metrics(study)
    names = _published(study)["metric"] if form(study) == "scores" else _asked(study)
    return known[known["name"].isin(set(names))].reset_index(drop=True)


def breaks(study, about) -> set[str]:
    """The waves from which on a metric (a row of metrics()) was asked in another way, by us or of competitors."""
    theirs = study.book.tables["benchmark"].questions
    names = _items(study) if form(study) == "checklists" else []
    names = [_asked(study)[about.name]] if form(study) == "answers" else names
    ours = survey.breaks(study, about.question) if about.question else {}
    return {*ours, *(wave for name in names for wave in theirs[name].breaks)}


def design(study) -> dict:
    """strata and clusters of the benchmark, for linearise(): waves and companies are samples of their own.

    Where a cluster (a respondent, a shopper) judges several companies, their scores are correlated.
    """
    table, spec = _companies(study), study.book.tables["benchmark"]
    clustered = "cluster" in table and form(study) != "scores"
    strata = ([] if spec.cluster_persists and clustered else ["wave"]) + ([] if clustered else ["company"])
    return {"strata": strata, "clusters": "cluster"} if clustered else {"strata": strata}


def counts(study, name: str, filled: float) -> tuple[pd.DataFrame, np.ndarray]:
    """The tally of one metric by company and wave, and the score of each of its rows.

    Published scores become the answers that would give them, which fill the part `filled` of the largest spread.
    """
    if form(study) == "scores":
        rows = _published(study)
        metric = study.metric(survey.metrics(study).set_index("name")["question"][name])
        return _as_tally(rows[rows["metric"] == name], metric, filled)
    frame, by = _companies(study), design(study)
    given = {"by": PLACE, "weights": "weight" if "weight" in frame else None, "clusters": by.get("clusters")}
    if form(study) == "checklists":
        frame["_passed"] = 100 * frame[_items(study)].mean(axis=1)
        table = tally(frame, "_passed", **given)
        return table, table["_passed"].to_numpy(float, na_value=np.nan)
    question = _asked(study)[name]
    table = tally(frame, question, **given)
    return table, table[question].map(study.metric(question, "benchmark").table).to_numpy(float, na_value=np.nan)


def _companies(study) -> pd.DataFrame:
    """The benchmark with the columns company (ours under its own name) and wave, as text."""
    frame = study.table("benchmark").copy()
    blank = frame["competitor"].isna()
    if blank.any():
        raise CxError(f"benchmark: a competitor must not be blank; {blank.sum()} are, e.g. row {blank.argmax() + 1}")
    frame["company"] = frame["competitor"].astype(str)
    frame["wave"] = frame["wave"].astype(str) if "wave" in frame else ""
    name = study.book.tables["benchmark"].own or own_name(study)
    ours = frame["company"].str.casefold() == name.casefold()
    if study.book.tables["benchmark"].own and not ours.any():
        close = nearest(name, frame["company"].unique())
        raise CxError(f"{study.file}: `own: {name}` names no competitor of the benchmark{close}")
    if ours.any() and form(study) != "checklists":
        raise CxError(
            f"benchmark: {frame.loc[ours, 'company'].iloc[0]} is the study's client, not a competitor ({ours.sum()} "
            f"of {len(frame)} rows); our own scores come from the survey"
        )
    return frame.assign(company=frame["company"].mask(ours, own_name(study)))


def _asked(study) -> dict[str, str]:
    """The benchmark's question by the name of the survey's metric that it measures."""
    known, found = survey.metrics(study), {}
    for question in study.questions("metric", "benchmark"):
        metric = study.metric(question, "benchmark")
        named = known[known["question"] == question]
        named = named[[study.metric(own) == metric for own in named["question"]]]
        named = named if len(named) else known[known["name"] == metric.name]
        if len(named) != 1:
            raise CxError(
                f"benchmark, question {question}: the survey has no question {question} that measures {metric.name}; "
                f"it measures {_written(study, known)}"
            )
        name = named["name"].iloc[0]
        if name in found:
            raise CxError(f"benchmark: {found[name]} and {question} both measure {name}; give one of them")
        found[name] = question
    return found


def _written(study, known: pd.DataFrame) -> str:
    """The survey's metrics with their questions: nps (recommend), csat (satisfaction)."""
    return ", ".join(f"{study.metric(q).name} ({q})" for q in known["question"])


# -- published scores ----------------------------------------------------------------------------------------------


def _published(study) -> pd.DataFrame:
    """The published scores, each checked against the metric that it names; once, since a study does not change."""
    if study not in _PUBLISHED:
        _PUBLISHED[study] = _checked(study)
    return _PUBLISHED[study]


def _checked(study) -> pd.DataFrame:
    rows = _companies(study)
    known = survey.metrics(study)
    spelled = {str(s).casefold(): row.name for row in known.itertuples(index=False) for s in (row.question, row.name)}
    given = rows["metric"].astype(str)
    rows["metric"] = given.str.casefold().map(spelled)
    if rows["metric"].isna().any():
        first = given[rows["metric"].isna()].iloc[0]
        raise CxError(
            f"benchmark: the survey does not measure {first} ({rows['metric'].isna().sum()} of {len(rows)} rows); it "
            f"measures {_written(study, known)}{nearest(first, spelled)}"
        )
    _refuse(rows, ~(rows["n"] >= 2) | (rows["n"] % 1 != 0), "n", "n must be a whole number of answers, 2 or more")
    _refuse(rows, rows["score"].isna(), "score", "a score must not be blank")
    again = rows.duplicated([*PLACE, "metric"])
    _refuse(rows, again, "score", "a competitor has one score a wave and metric")
    if "se" in rows:
        _refuse(rows, rows["se"] <= 0, "se", "a standard error must be above 0, or blank where it is not known")
    for row in known.itertuples(index=False):
        _check_scale(study, rows[rows["metric"] == row.name], row)
    return rows


def _refuse(rows: pd.DataFrame, bad: pd.Series, column: str, rule: str) -> None:
    """Raise a CxError for the rows marked in `bad`, with their number and the first of them."""
    if bad.any():
        first = rows[bad].iloc[0]
        shown = "blank" if pd.isna(first[column]) else f"{first[column]:g}"
        place = ", ".join(filter(None, (first["company"], first["wave"], first["metric"])))
        raise CxError(f"benchmark: {rule}; {bad.sum()} of {len(rows)} do not fit, e.g. {shown} ({place})")


def _check_scale(study, rows: pd.DataFrame, about) -> None:
    """Raise a CxError for scores on another scale than the metric's.

    A mean of answers 1-5 lies within 0-100 too: where our own share is far above the answers' scale, a share on it
    is taken for one.
    """
    metric, unit = study.metric(about.question), {"percent": " %"}.get(about.unit, "")
    span = f"{metric.label} lies between {about.least:g} and {about.most:g}{unit}"
    _refuse(rows, ~rows["score"].between(about.least, about.most), "score", f"{span}, as ours does")
    if kind_of(levels(metric)) == "share" and len(rows):
        answers = study.survey[about.question].dropna().map(metric.table)
        mean = (
            (rows["score"] > about.least) & (rows["score"] <= metric.scale[1]) & (answers.mean() > 2 * metric.scale[1])
        )
        rule = (
            f"{span}, and ours is about {answers.mean():.0f}; a mean of the answers {metric.scale[0]}-{metric.scale[1]}"
        )
        _refuse(rows, mean, "score", f"{rule} or a share of 1 is on another scale")


def _as_tally(rows: pd.DataFrame, metric: Metric, filled: float) -> tuple[pd.DataFrame, np.ndarray]:
    """The answers that would give the published scores: mean, base and part of the largest spread; se where given."""
    steps = levels(metric)
    least, most = steps[0], steps[-1]
    n, published = rows["n"].to_numpy(float), rows["score"].to_numpy(float)
    top = (published - least) / (most - least)
    kind = kind_of(steps)
    if kind == "share":
        parts = [(np.full(len(rows), most), top), (np.full(len(rows), least), 1 - top)]
    elif kind == "difference":
        s = 2 * top - 1
        ends = np.maximum(filled * (1 - s**2) + s**2, np.abs(s))
        parts = [(most, (ends + s) / 2), (least, (ends - s) / 2), (steps[1], 1 - ends)]
    else:
        parts = [(most, filled * top), (least, filled * (1 - top)), (published, 1 - filled)]
    spread = sum(np.maximum(share, 0) * (value - published) ** 2 for value, share in parts)
    se = rows["se"].to_numpy(float) if "se" in rows else np.full(len(rows), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        deff = np.where(np.isnan(se) | (spread <= 0), 1.0, se**2 * (n - 1) / spread)
    frames = []
    for i, (value, share) in enumerate(parts):
        w = n * np.clip(share, 0, 1)
        # The base counts once, not by rounded parts of it.
        frames.append(rows[PLACE].assign(n=n if i == 0 else 0.0, w=w, w2=w * deff, y=value))
    table = pd.concat(frames, ignore_index=True)
    return table, table.pop("y").to_numpy(float)
