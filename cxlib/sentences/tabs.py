"""Sentences on the tab book: who differs from whom, what goes together, how reliable a battery is."""

import pandas as pd

from cxlib import text
from cxlib.apart import against_rest
from cxlib.banner import REST
from cxlib.compare import BORDERLINE, CLEAR
from cxlib.language import digits, tr, tr_n

ENOUGH = 0.7  # the usual mark for a battery of ratings (Nunnally, Psychometric Theory, 1978), a habit and no law


def apart(made, limit: int = 3) -> dict[str, str]:
    """Which groups stand apart from the rest of their banner question, metric by metric, and what is noise."""
    if made is None:
        return {
            "no_banner": tr("There is no tab book: it needs a segment, or a banner question, of two groups or more.")
        }
    tests = made.tests[(made.tests["kind"] == "score") & made.tests["p_adjusted"].notna()]
    found = {}
    for line, part in tests.groupby("line", sort=False):
        part = against_rest(part)
        clear = part[part["p_adjusted"] < CLEAR].sort_values("p_adjusted", kind="stable")
        near = part[(part["p_adjusted"] >= CLEAR) & (part["p_adjusted"] <= BORDERLINE)]
        counted = tr(
            "Of {tests} comparisons {clear} are more than chance explains, {near} borderline and {noise} not told "
            "apart from chance (Holm's correction within each banner question).",
            tests=text.number(len(part)),
            clear=text.number(len(clear)),
            near=text.number(len(near)),
            noise=text.number(len(part) - len(clear) - len(near)),
        )
        found[f"apart_{len(found) + 1}"] = f"{_who(line, clear, part['unit'].iloc[0], limit)} {counted}"
    return found


def _who(metric: str, clear: pd.DataFrame, unit: str, limit: int) -> str:
    """The groups of a metric that stand clearly apart, the clearest first; how many more there are."""
    groups = "; ".join(_side(row, unit) for row in clear.head(limit).itertuples())
    beyond = len(clear) - limit
    if not groups:
        return tr("{metric}: no group stands clearly apart from the rest.", metric=metric)
    if beyond <= 0:
        return tr("{metric}: {groups}.", metric=metric, groups=groups)
    return tr_n(
        "{metric}: {groups} and {n} more group.", "{metric}: {groups} and {n} more groups.", beyond,
        metric=metric, groups=groups,
    )  # fmt: skip


def _side(row, unit: str) -> str:
    """Age band 55+ is 26.3 points above the rest (17.0 to 35.6)."""
    low, high = (row.low, row.high) if row.estimate > 0 else (-row.high, -row.low)
    about = {
        "group": tr("{segment} {group}", segment=row.banner, group=row.group),
        "size": text.size(row.estimate, unit),
        "other": tr(REST) if row.other == REST else row.other,
        "between": text.difference_interval(low, high, unit).replace("+", ""),
    }
    if row.estimate > 0:
        return tr("{group} is {size} above {other} ({between})", **about)
    return tr("{group} is {size} below {other} ({between})", **about)


def related(relations: pd.DataFrame, limit: int = 3) -> dict[str, str]:
    """Which pairs of questions are related more than chance explains."""
    if relations.empty:
        return {"related": tr("There are no two questions with answers enough to be held against each other.")}
    clear = relations[relations["p_adjusted"] < CLEAR]
    about = {"all": text.number(len(relations)), "clear": text.number(len(clear))}
    if clear.empty:
        told = tr(
            "Of {all} pairs of questions {clear} are related more than chance explains (Rao-Scott tests, Holm's "
            "correction over all pairs).",
            **about,
        )
        return {"related": told}
    pairs = [tr("{one} and {other}", one=row.question, other=row.banner) for row in clear.head(limit).itertuples()]
    told = tr(
        "Of {all} pairs of questions {clear} are related more than chance explains; most clearly {pairs} (Rao-Scott "
        "tests, Holm's correction over all pairs).",
        pairs=text.join(pairs),
        **about,
    )
    return {"related": told}


def reliable(table: pd.DataFrame, confidence: float) -> dict[str, str]:
    """How well the items of each factor measure one thing."""
    found = {}
    alphas = table[(table["measure"] == "Alpha") & table["estimate"].notna()] if len(table) else table
    for row in alphas.itertuples():
        mark = digits(f"{ENOUGH:g}")
        if row.low >= ENOUGH:
            verdict = tr("above the usual mark of {mark}", mark=mark)
        elif row.high < ENOUGH:
            verdict = tr("below the usual mark of {mark}: read its items one by one", mark=mark)
        else:
            verdict = tr("not told apart from the usual mark of {mark}", mark=mark)
        between = text.interval(row.low, row.high, digits=2)
        found[f"alpha_{len(found) + 1}"] = tr(
            "{factor} ({items} items): alpha {alpha}, {interval}, {verdict}.",
            factor=row.factor,
            items=row.items,
            alpha=text.number(row.estimate, digits=2),
            interval=text.with_confidence(between, confidence),
            verdict=verdict,
        )
    return found


def alt_ratings(ratings: pd.DataFrame) -> str:
    """What the chart of ratings shows, for who cannot see it."""
    told = []
    for item, part in ratings.groupby("item", sort=False):
        top, low = (
            part.loc[part["answer"] == answer, "estimate"].iloc[0]
            for answer in (part["answer"].max(), part["answer"].min())
        )
        about = {"best": text.number(top, "percent"), "worst": text.number(low, "percent")}
        told.append(tr("{item} {best} best, {worst} worst answer", item=item, **about))
    return tr("Stacked bars, bad answers to the left and good ones to the right. {items}.", items="; ".join(told))
