"""What a wave's comments count to: the share of each theme, and how those who mention it score.

A comment may have several themes, so that a theme is no group of the survey: comments are counted by their kind (the
themes that they have together), and the themes of one metric are estimated under one design.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import compare, intervals
from cxlib.corrections import adjust
from cxlib.counts import tally
from cxlib.design import Design, design_of
from cxlib.metrics import kind_of, levels
from cxlib.scores import estimates, score
from cxlib.survey import metrics
from cxlib.variance import linearise

SCORES = ["name", "label", "theme", "given", "given_low", "given_high", "without", "estimate", "low", "high", "se", "t",
          "df", "p", "p_adjusted", "tests", "verdict", "n", "n_without", "n_weighted", "n_effective",
          "unit"]  # fmt: skip
_KIND = "_kind"  # column: which themes the comment has


def kinds_of(
    frame: pd.DataFrame, texts: pd.Series, belongs: pd.DataFrame, names: list[str]
) -> tuple[np.ndarray, pd.DataFrame]:
    """The kinds of comments by the themes that they have (kinds x names), and the survey with the kind of each row.

    The last of `names` is that of comments of no theme. Rows without a comment of the wave are of no kind (nan).
    """
    holds = np.zeros((len(texts), len(names)), bool)
    place = {name: at for at, name in enumerate(names)}
    holds[texts.index.get_indexer(belongs["comment"]), belongs["theme"].map(place).to_numpy(int)] = True
    holds[:, -1] = ~holds[:, :-1].any(axis=1)
    kinds, kind = np.unique(holds, axis=0, return_inverse=True)
    column = pd.Series(np.nan, index=frame.index)
    column[texts.index] = kind.ravel().astype(float)
    return kinds, frame.assign(**{_KIND: column})


def _counts(study, frame: pd.DataFrame, question: str, by: list[str]) -> tuple[pd.DataFrame, Design, np.ndarray]:
    """A tally of the survey, its design, and the kind of comment of each of its rows, -1 where there is none."""
    design = {argument: columns for argument, columns in study.design.items() if argument != "weights"}
    table = tally(frame, question, by=by, **study.design)
    kind = table[_KIND].to_numpy(dtype=float, na_value=-1.0).astype(int)
    return table, design_of(table, **design), kind


def shares(
    study, frame: pd.DataFrame, kinds: np.ndarray, wave: str | None, confidence: float, least: int
) -> pd.DataFrame:
    """The share of the wave's comments that have each theme; no shares under the minimum base."""
    by = ["wave"] if wave is not None else []
    table, drawn, kind = _counts(study, frame, _KIND, by)
    hits = kinds[kind] & (kind >= 0)[:, None]
    y = np.where((kind >= 0)[:, None], 100.0 * hits, np.nan)
    domains = linearise(table, y, by=by, design=drawn)
    weighted = "weights" in study.design
    rows = estimates(domains, [0.0, 100.0], table, y, weighted=weighted, confidence=confidence)
    rows = rows[rows["wave"].astype(str) == wave].drop(columns="wave") if by else rows
    rows = rows.reset_index(drop=True).assign(count=table["n"].to_numpy(float) @ hits, unit="percent")
    rows.loc[rows["n"] < least, ["count", "estimate", "low", "high", "se"]] = np.nan
    return rows


def by_metric(
    study, frame: pd.DataFrame, themes: dict[str, np.ndarray], confidence: float, method: str, least: int
) -> pd.DataFrame:
    """The rows of Themes.by_metric: who mentions a theme against who comments and does not.

    `themes` says of each theme which kinds of comments have it. All themes of a metric are compared under one design:
    those who mention the first, the second …, then those who do not are its domains.
    """
    frames, size = [], len(themes)
    has = np.column_stack([*themes.values(), *(~kinds for kinds in themes.values())]) if themes else None
    for row in metrics(study).itertuples() if themes and study.questions("metric") else ():
        metric = study.metric(row.question)
        table, drawn, kind = _counts(study, frame, row.question, [_KIND])
        inside = has[kind] & (kind >= 0)[:, None]
        y = np.where(inside, score(table, metric, row.question, frame)[:, None], np.nan)
        domains = linearise(table, y, design=drawn)
        how = {"weighted": "weights" in study.design, "confidence": confidence, "method": method}
        # An interval for a difference of shares is of one score at a time.
        apart = size if kind_of(levels(metric)) == "difference" else 1
        rows = [
            estimates(linearise(table, some, design=drawn), levels(metric), table, some[:, 0], **how)
            for some in np.split(y[:, :size], apart, axis=1)
        ]
        given = pd.concat(rows, ignore_index=True)
        given.loc[given["n"] < least, ["estimate", "low", "high", "n_effective"]] = np.nan
        n_without = domains.n[size:]
        without = np.where(n_without < least, np.nan, domains.ratio[size:])
        variance, df = domains.contrast(np.hstack([np.eye(size), -np.eye(size)]))
        part = pd.DataFrame(
            {
                "theme": list(themes),
                "given": given["estimate"],
                "given_low": given["low"],
                "given_high": given["high"],
                "without": without,
                "n": given["n"],
                "n_without": n_without,
                "n_weighted": given["n_weighted"],
                "n_effective": given["n_effective"],
                "estimate": np.where(df > 0, given["estimate"] - without, np.nan),
                "se": np.sqrt(variance),
                "df": df,
            }
        )
        part = part[(part["n"] > 0) & (part["n_without"] > 0)]
        if len(part):
            frames.append(_tested(part, confidence).assign(name=row.name, label=row.label, unit=row.unit))
    return pd.concat(frames, ignore_index=True)[SCORES] if frames else pd.DataFrame(columns=SCORES)


def _tested(part: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The differences of one metric (estimate, se, df) with interval, t test and Holm's correction over all of them."""
    estimate, se, df = (part[name].to_numpy(float) for name in ("estimate", "se", "df"))
    se = np.where(np.isnan(estimate), np.nan, se)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = estimate / se
    p = 2 * special.stdtr(df, -np.abs(t))
    (low, high), adjusted = intervals.student(estimate, se, df, confidence), adjust(p)
    return part.assign(
        low=low,
        high=high,
        se=se,
        t=t,
        p=p,
        p_adjusted=adjusted,
        tests=int((~np.isnan(p)).sum()),
        verdict=[compare.verdict(value) for value in adjusted],
    )
