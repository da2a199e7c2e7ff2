"""The comments of a study: what is mentioned, what sets unhappy customers' words apart, which themes go with scores.

Terms and themes are found in the comments of all waves, so that a theme is the same in each; what is counted is of one
wave. Shares and scores keep the survey's weights and design; terms and keyness count comments, unweighted.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import phrases
from cxlib.errors import CxError, nearest
from cxlib.keyness import keyness_of
from cxlib.language import noted, tr
from cxlib.metrics import levels
from cxlib.quotes import quotes
from cxlib.shown import Shown
from cxlib.theme_scores import SCORES, by_metric, kinds_of, shares
from cxlib.themes import members
from cxlib.themes import themes as grouped
from cxlib.tokens import given

OTHER = noted("Other")  # what is of no theme
SHOWN = 8  # terms of a theme that are listed
MOST = 40  # terms of a table
THEMES = ["theme", "rest", "terms", "count", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "deff",
          "method", "unit"]  # fmt: skip
EXAMPLES = ["theme", "comment"]


@dataclass(frozen=True, repr=False)
class Said(Shown):
    """The comments to one question of a study: texts (by row of the survey) and held (phrases.mentions() of them).

    question is None where the study asks for no comment.
    """

    study: object
    question: str | None
    texts: pd.Series
    held: pd.DataFrame


@dataclass(frozen=True, repr=False)
class Themes(Shown):
    """The themes of a wave's comments, as frames; without rows where there are none.

    themes: theme, rest (true for what is of no theme), terms, count (comments with it), estimate (share of the comments
    in percent), low, high, se, n (comments), n_weighted, n_effective, deff, method, unit; the commonest first, the rest
    last. by_metric:
    name and label (of the metric), theme, given (the metric of those who mention it), given_low, given_high, without
    (of those who commented and do not), estimate (the difference), low, high, se, t, df, p, p_adjusted (Holm, over the
    themes of a metric), tests (how many), verdict, n (who mention it), n_without, n_weighted, n_effective, unit.
    examples: theme, comment (masked). n: comments of the wave.
    """

    themes: pd.DataFrame
    by_metric: pd.DataFrame
    examples: pd.DataFrame
    n: int


def questions(study) -> list[str]:
    """The questions that ask for a comment."""
    return study.questions("comment")


def chosen_question(study, question: str = "") -> str | None:
    """The comment question of that name, the first where it is empty, None for a study without one."""
    known = questions(study)
    if question and question not in known:
        there = f"the questions with `role: comment` are {', '.join(known)}" if known else "no question has that role"
        raise CxError(f"there is no comment {question}; {there}{nearest(question, known)}")
    return question or (known[0] if known else None)


def said(study, question: str = "") -> Said:
    """The comments to a question (default: the study's first), read once for all that follows."""
    question = chosen_question(study, question)
    texts = given(study.survey[question]) if question else pd.Series([], dtype=object)
    return Said(study, question, texts, phrases.mentions(texts))


def of_wave(spoken: Said, wave: str | None) -> pd.Series:
    """The comments of a wave; all of them where it is None."""
    if wave is None or not len(spoken.texts):
        return spoken.texts
    return spoken.texts[(spoken.study.survey["wave"].astype(str) == wave).reindex(spoken.texts.index)]


def wordless(spoken: Said, wave: str | None) -> int:
    """How many comments of a wave hold no word, but numbers, signs or emojis alone."""
    if spoken.question is None:
        return 0
    survey = spoken.study.survey
    cells = survey[spoken.question] if wave is None else survey.loc[survey["wave"].astype(str) == wave, spoken.question]
    return int((cells.dropna().astype(str).str.strip() != "").sum()) - len(of_wave(spoken, wave))


def _common(spoken: Said, texts: pd.Series) -> pd.DataFrame:
    """The mentions in these comments of terms that stand in enough of them."""
    held = spoken.held[spoken.held["comment"].isin(texts.index)]
    counts = held["term"].value_counts()
    return held[held["term"].isin(counts.index[counts >= phrases.LEAST])]


def terms(spoken: Said, wave: str | None, *, confidence=0.95, most: int = MOST) -> pd.DataFrame:
    """The `most` terms that stand in most comments of a wave: the columns of phrases.terms().

    No rows where the comments are fewer than the minimum base.
    """
    texts = of_wave(spoken, wave)
    held = _common(spoken, texts)
    if len(texts) < spoken.study.book.minimum_base:
        held = held.head(0)
    return phrases.terms_of(held, texts, confidence=confidence).head(most)


def sides(study, question: str) -> tuple[set, set, str, str]:
    """The answers of a metric question that are low and high, and what those who give them are called.

    The least and the greatest score where there are two or three different ones (detractors and promoters), else the
    lowest and highest third of the scale.
    """
    metric = study.metric(question)
    scores, (least, most) = metric.table, metric.scale
    steps = levels(metric)
    if len(steps) <= 3:
        low = {answer for answer, score in scores.items() if score == steps[0]}
        high = {answer for answer, score in scores.items() if score == steps[-1]}
    else:
        third = (most - least) / 3
        low = {answer for answer in scores if answer <= least + third}
        high = {answer for answer in scores if answer >= most - third}
    if metric.name == "nps":
        return low, high, tr("detractors"), tr("promoters")
    return low, high, tr("low {metric}", metric=metric.label), tr("high {metric}", metric=metric.label)


def key_terms(
    spoken: Said, wave: str | None, *, against: str = "", confidence=0.95, correction="holm", most: int = 12
) -> pd.DataFrame:
    """What those who score low mention more than those who score high, and the reverse: of each side `most` terms.

    `against` is the metric question (default: the study's first) that parts them, see sides(). Columns as
    keyness.keyness_of(), of which every term was tested, with side (who mentions it more) beside them. No rows where a
    side has fewer comments than the minimum base, nor without a metric.
    """
    study, known = spoken.study, spoken.study.questions("metric")
    if against and against not in known:
        raise CxError(f"{against} is no metric; the metrics are {', '.join(known)}{nearest(against, known)}")
    nothing = keyness_of(spoken.held.head(0), pd.Series([], dtype=bool)).assign(side="")
    if not known or not spoken.question:
        return nothing
    low, high, low_name, high_name = sides(study, against or known[0])
    texts = of_wave(spoken, wave)
    answers = study.survey[against or known[0]].reindex(texts.index)
    target = answers[answers.isin(low | high)].isin(low)
    if min(target.sum(), (~target).sum()) < max(study.book.minimum_base, 1):
        return nothing
    rows = keyness_of(_common(spoken, texts), target, confidence=confidence, correction=correction)
    rows = rows.assign(side=np.where(rows["estimate"] > 0, low_name, high_name))
    ours, theirs = rows[rows["estimate"] > 0], rows[rows["estimate"] <= 0]
    return pd.concat([ours.head(most), theirs.tail(most)], ignore_index=True)


def themes(
    spoken: Said,
    wave: str | None,
    *,
    confidence=0.95,
    method="mover",
    minimum_base: int | None = None,
    most: int = 3,
) -> Themes:
    """The themes of a wave's comments, how those who mention them score, and `most` examples of each.

    Themes are formed of the comments of all waves, 50 at least. `minimum_base` (default: the study's) is that of the
    comments for a share, and of those who mention a theme and of those who do not for a score. `method` is that of the
    intervals of differences of shares.
    """
    study, texts = spoken.study, of_wave(spoken, wave)
    least = max(study.book.minimum_base if minimum_base is None else minimum_base, 2)
    found = grouped(spoken.held, len(spoken.texts))
    if found.empty or texts.empty:
        return Themes(*(pd.DataFrame(columns=columns) for columns in (THEMES, SCORES, EXAMPLES)), len(texts))
    belongs = members(spoken.held[spoken.held["comment"].isin(texts.index)], found)
    names = [*dict.fromkeys(found["theme"]), OTHER]
    kinds, frame = kinds_of(study.survey, texts, belongs, names)
    listed = found.groupby("theme", sort=False)["term"].agg(lambda part: ", ".join(part.head(SHOWN)))
    shown = shares(study, frame, kinds, wave, confidence, least)
    shown.insert(0, "theme", names)
    shown.insert(1, "rest", [name == OTHER for name in names])
    shown.insert(2, "terms", [listed.get(name, tr("comments of none of these")) for name in names])
    last = shown["rest"].to_numpy()
    shown = shown.iloc[np.lexsort([shown["theme"].astype(str), -shown["estimate"].fillna(0).round(9), last])]
    shown = shown.loc[~last[shown.index] | (shown["count"] > 0), THEMES].reset_index(drop=True)
    order = shown.loc[~shown["rest"], "theme"].tolist()
    columns = {name: kinds[:, names.index(name)] for name in order}
    scores = by_metric(study, frame, columns, confidence, method, least)
    told = quotes(belongs.rename(columns={"theme": "group"}), texts, most=most).rename(columns={"group": "theme"})
    told = told.iloc[np.argsort(told["theme"].map(order.index), kind="stable")].reset_index(drop=True)
    shown["theme"] = shown["theme"].mask(shown["rest"], tr(OTHER))
    return Themes(shown, scores, told if len(texts) >= least else told.head(0), len(texts))
