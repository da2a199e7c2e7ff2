"""Who leaves a metric unanswered, and how far those who leave other questions out differ in it.

Both look at what was answered. Whether answers are missing at random given them cannot be tested: it would take the
answers that are missing. Source: Little and Rubin, Statistical Analysis with Missing Data, 3rd edition (2019), 1.3.
"""

import numpy as np
import pandas as pd

from cxlib.answer_states import MISSING, is_missing
from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.counts import columns_in, tally
from cxlib.crosstabs import crosstab
from cxlib.differences import contrasts
from cxlib.language import noted
from cxlib.scores import by_group, score
from cxlib.survey import metrics
from cxlib.variance import linearise

OFTEN = 5.0  # percent missing, over which a question is looked at
ANSWERED, LEFT_OUT = "answered", "left out"
LIMIT = noted("Whether answers are missing at random cannot be tested: it would take the answers that are missing.")


def related(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """Does missing an answer to a metric depend on the segments? A Rao-Scott test for each metric and segment.

    The test is crosstab()'s, of answered or missing by the segment, among those asked in the wave; p_adjusted is
    Holm's over all rows. The gap is that between the group that leaves out most and the one that does least, of
    those with the minimum base; its interval (Newcombe's, of two Wilson intervals, groups taken as independent) allows
    for the choice of the greatest of all gaps (Bonferroni). Source: Newcombe, Statistics in Medicine 17 (1998) 873-890.
    Columns: name, label, segment, segment_label, most (the group), most_share (percent missing), least, least_share,
    estimate (the gap, percentage points), low, high, se, n (asked, with a known group), n_missing, n_effective,
    statistic, df1, df2, p, p_adjusted, verdict, unit, method. Metrics that nobody left out have no row.
    """
    survey, rows = study.survey[columns_in(study.design)], []
    for metric in metrics(study).itertuples():
        marks = is_missing(study, metric.question, wave)
        for segment in study.questions("segment"):
            # Under a name of its own: a segment may be called se, as a column of the results is.
            frame = survey.assign(_missing=marks, _segment=study.survey[segment])
            both = frame[frame["_segment"].notna() & marks.notna()]
            if both["_missing"].nunique() < 2 or both["_segment"].nunique() < 2:
                continue
            test = crosstab(frame, "_missing", "_segment", confidence=confidence, **study.design)
            about = {"name": metric.name, "label": metric.label, "segment": segment}
            about |= {"segment_label": study.label(segment), "n_missing": int(both["_missing"].sum())}
            rows.append(
                about
                | _gap(study, frame, confidence)
                | {"n": test.n, "n_effective": test.n_effective, "statistic": test.statistic, "p": test.p}
                | {"df1": test.df[0], "df2": test.df[1], "method": test.method}
            )
    columns = ["name", "label", "segment", "segment_label", "most", "most_share", "least", "least_share", "estimate",
               "low", "high", "se", "n", "n_missing", "n_effective", "statistic", "df1", "df2", "p",
               "method"]  # fmt: skip
    return _judged(pd.DataFrame(rows, columns=columns)).assign(unit="percent")


def _judged(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with Holm's p over all of them, and what it says."""
    adjusted = adjust(frame["p"].to_numpy(float))
    return frame.assign(p_adjusted=adjusted, verdict=[verdict(p) for p in adjusted])


def _gap(study, frame: pd.DataFrame, confidence: float) -> dict:
    """The groups that leave out most and least, and the gap between them; blank with fewer than two groups."""
    least = max(study.book.minimum_base, 2)
    plain = by_group(frame, MISSING, "_segment", question="_missing", minimum_base=least, **study.design)
    groups = int(plain["estimate"].notna().sum())
    if groups < 2:
        return {}
    wide = 1 - (1 - confidence) / (groups * (groups - 1) / 2)
    how = {"question": "_missing", "minimum_base": least, "confidence": wide}
    found = by_group(frame, MISSING, "_segment", **how, **study.design)
    most, least = found.loc[found["estimate"].idxmax()], found.loc[found["estimate"].idxmin()]
    gap = most["estimate"] - least["estimate"]
    return {
        "most": most["_segment"],
        "most_share": most["estimate"],
        "least": least["_segment"],
        "least_share": least["estimate"],
        "estimate": gap,
        "low": gap - np.hypot(most["estimate"] - most["low"], least["high"] - least["estimate"]),
        "high": gap + np.hypot(most["high"] - most["estimate"], least["estimate"] - least["low"]),
        "se": np.hypot(most["se"], least["se"]),
    }


def compared(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """Every metric among those who left a question out against those who answered it, where over 5% left it out.

    Among those who were asked the question in the wave; p_adjusted is Holm's over all rows.
    Columns: name, label (of the metric), question, question_label, missing (percent of those asked), answered (the
    metric among those who answered), left_out (among those who did not), estimate (left_out less answered), low, high,
    se, n (left out, with an answer to the metric), n_answered, t, df, p, p_adjusted, verdict, unit. A side under the
    minimum base has no difference.
    """
    known, rows = metrics(study), []
    survey = study.survey[list(dict.fromkeys([*known["question"], *columns_in(study.design)]))]
    spec = study.book.tables["survey"].questions
    for question in [name for name in spec if spec[name].role != "comment"]:
        marks = is_missing(study, question, wave)
        share = 100 * marks.mean()
        if not share > OFTEN:
            continue
        sides = marks.map({0.0: ANSWERED, 1.0: LEFT_OUT}).astype(object).where(marks.notna(), None)
        frame = survey.assign(_side=sides)
        for metric in known.itertuples():
            if metric.question == question:
                continue
            found = _difference(study, frame, metric.question, confidence)
            if found is not None:
                about = {"name": metric.name, "label": metric.label, "question": question, "missing": share}
                rows.append(about | {"question_label": study.label(question), "unit": metric.unit} | found)
    columns = ["name", "label", "question", "question_label", "missing", "answered", "left_out", "estimate", "low",
               "high", "se", "n", "n_answered", "t", "df", "p", "unit"]  # fmt: skip
    return _judged(pd.DataFrame(rows, columns=columns))


def _difference(study, frame: pd.DataFrame, question: str, confidence: float) -> dict | None:
    """The metric among those who left out less that among those who answered; None where one side has no answers."""
    table = tally(frame, question, by="_side", **study.design)
    how = {name: column for name, column in study.design.items() if name != "weights"}
    domains = linearise(table, score(table, study.metric(question), question, frame), by="_side", **how)
    place = {name: i for i, name in enumerate(domains.keys["_side"]) if domains.n[i] > 0}
    if not {ANSWERED, LEFT_OUT} <= set(place):
        return None
    left, other = place[LEFT_OUT], place[ANSWERED]
    least = max(study.book.minimum_base, 2)
    values = np.where(domains.n >= least, domains.ratio, np.nan)
    counts = {"n": int(domains.n[left]), "n_answered": int(domains.n[other])}
    about = counts | {"answered": values[other], "left_out": values[left]}
    sides = np.array([[left, other]]), np.array([[True, False]]), np.array([[False, True]])
    found = contrasts(domains, *sides, confidence=confidence, minimum_base=least)
    return about | {name: float(values[0, 0]) for name, values in found.items()}
