"""Codes that are no answers: what stands in the place of answers, and what it would do to a metric if it were counted.

A code outside a question's scale is refused when a study is loaded, unless study.yml lists it as `missing:`. So every
such code is one of those that are declared, and the danger is that another reader of the file counts it.
"""

import numpy as np
import pandas as pd

from cxlib.answer_states import asked, declared, shares_by
from cxlib.language import noted
from cxlib.readers import number
from cxlib.scores import by_group
from cxlib.survey import metrics

OUTSIDE, INSIDE, TEXT = noted("outside the scale"), noted("on the scale"), noted("no number")


def outside(study, *, confidence=0.95, design=None) -> pd.DataFrame:
    """The declared missing codes that stand in the answers, by question and wave, and what counting them would do.

    `place` is outside the scale, on the scale (an answer that the study does not count) or no number; empty where the
    question has no scale. For a metric, `counted_as` is the end of its scale next to the code (the code itself on
    the scale; none for text), and the metric is given as it is and with that code counted. The change is exact
    arithmetic on these interviews, not an estimate of anything beyond them.
    Columns: name, label, role, wave, code, place, never_used (whether it says so), n_with (answers with the code),
    estimate (percent of those asked in the wave), low, high, se, n, n_effective, unit, counted_as, metric, metric_unit,
    without, without_low, without_high, counted, counted_low, counted_high, change. `design` replaces the study's design
    for the metric: {} takes the answers as a simple random sample. No rows where no such code stands.
    """
    spec = study.book.tables["survey"].questions
    known = {row.question: row for row in metrics(study).itertuples()} if study.questions("metric") else {}
    frames = []
    for name, question in spec.items():
        codes, led = declared(study, name), asked(study, name)
        scale = study.metric(name).scale if name in known else question.scale
        about = {"name": name, "label": study.label(name), "role": question.role}
        for code in question.missing:
            hit = (codes == code) & led
            if not hit.any():
                continue
            rows = _by_wave(study, hit.astype(float).where(led), confidence)
            rows = rows.assign(**about, code=code, place=_place(code, scale), never_used=code in question.never_used)
            if name in known:
                rows = _counted(study, rows, known[name], hit, scale, confidence, design)
            frames.append(rows)
    columns = ["name", "label", "role", "wave", "code", "place", "never_used", "n_with", "estimate", "low", "high",
               "se", "n", "n_effective", "unit", "counted_as", "metric", "metric_unit", "without", "without_low",
               "without_high", "counted", "counted_low", "counted_high", "change"]  # fmt: skip
    frame = pd.concat(frames, ignore_index=True).reindex(columns=columns) if frames else pd.DataFrame(columns=columns)
    places = [frame["name"].map(list(spec).index)]
    if study.waves:
        places.insert(0, frame["wave"].map(study.waves.index))
    return frame.iloc[np.lexsort(places)].reset_index(drop=True)


def _by_wave(study, marks: pd.Series, confidence: float) -> pd.DataFrame:
    """The share of the answers that are marked, in each wave where one is."""
    rows = shares_by(study, {"": marks}, ["wave"] if study.waves else [], confidence=confidence)
    wave = rows["wave"].astype(str) if study.waves else "all"
    hits = marks.groupby(study.survey["wave"].astype(str)).sum() if study.waves else pd.Series({"all": marks.sum()})
    rows = rows.assign(wave=wave, unit="percent")
    rows = rows.assign(n_with=rows["wave"].map(hits).astype(int))
    return rows[rows["n_with"] > 0]


def _place(code: str, scale) -> str:
    """Where a code lies with regard to a scale."""
    value = number(code, ".")
    if scale is None:
        return ""
    if value is None:
        return TEXT
    return INSIDE if scale[0] <= value <= scale[1] else OUTSIDE


def _counted(study, rows: pd.DataFrame, metric, hit: pd.Series, scale, confidence: float, design) -> pd.DataFrame:
    """The rows of a code with the metric as it is, and with the code counted as the nearest end of the scale."""
    value, keys = number(rows["code"].iloc[0], "."), {"estimate": "", "low": "_low", "high": "_high"}
    found = [rows.assign(metric=metric.label, metric_unit=metric.unit).set_index("wave")]
    plain = _metric(study, study.survey, metric.question, confidence, design)
    found.append(plain.rename(columns={key: f"without{end}" for key, end in keys.items()}))
    if value is not None:
        nearest = float(np.clip(value, *scale))
        answers = study.survey[metric.question].mask(hit, nearest)
        frame = study.survey.assign(**{metric.question: answers})
        counted = _metric(study, frame, metric.question, confidence, design)
        change = counted["estimate"] - plain["estimate"]
        counted = counted.rename(columns={key: f"counted{end}" for key, end in keys.items()})
        found.append(counted.assign(change=change, counted_as=nearest))
    return found[0].join(found[1:], how="left").reset_index()


def _metric(study, frame: pd.DataFrame, question: str, confidence: float, design) -> pd.DataFrame:
    """A metric with its interval by wave; nan under the minimum base."""
    by = ["wave"] if study.waves else []
    rows = by_group(frame, study.metric(question), by, question=question, confidence=confidence,
                    minimum_base=study.book.minimum_base, **(study.design if design is None else design))  # fmt: skip
    waves = rows["wave"].astype(str).to_numpy() if by else ["all"] * len(rows)
    return rows[["estimate", "low", "high"]].set_axis(pd.Index(waves, name="wave"))
