"""Sentences on the tab book: who differs from whom, what goes together, how reliable a battery is."""

import pandas as pd

from cxlib import text
from cxlib.compare import BORDERLINE, CLEAR

ENOUGH = 0.7  # the usual mark for a battery of ratings (Nunnally, Psychometric Theory, 1978), a habit and no law


def apart(made, limit: int = 3) -> dict[str, str]:
    """Which groups stand apart from the rest of their banner question, metric by metric, and what is noise."""
    if made is None:
        return {"no_banner": "There is no tab book: it needs a segment, or a banner question, of two groups or more."}
    tests = made.tests[(made.tests["kind"] == "score") & made.tests["p_adjusted"].notna()]
    found = {}
    for line, part in tests.groupby("line", sort=False):
        part = _against_all(part)
        clear = part[part["p_adjusted"] < CLEAR].sort_values("p_adjusted", kind="stable")
        near = part[(part["p_adjusted"] >= CLEAR) & (part["p_adjusted"] <= BORDERLINE)]
        unit = part["unit"].iloc[0]
        told = [_side(row, unit) for row in clear.head(limit).itertuples()]
        beyond = len(clear) - limit
        more = f" and {beyond} more group{'s' if beyond > 1 else ''}" if beyond > 0 else ""
        name = f"{line}: " + (f"{'; '.join(told)}{more}." if told else "no group stands clearly apart from the rest.")
        noise = len(part) - len(clear) - len(near)
        found[f"apart_{len(found) + 1}"] = (
            f"{name} Of {len(part)} comparisons {len(clear)} are more than chance explains, {len(near)} borderline and "
            f"{noise} not told apart from chance (Holm's correction within each banner question)."
        )
    return found


def _against_all(tests: pd.DataFrame) -> pd.DataFrame:
    """Each group against the rest; of two groups, the one against the other."""
    several = tests.groupby("banner")["other"].transform(lambda others: (others == "the rest").any())
    return tests[~several | (tests["other"] == "the rest")]


def _side(row, unit: str) -> str:
    """Age band 55+ is 26.3 points above the rest (17.0 to 35.6)."""
    size = text.difference(abs(row.estimate), unit).removeprefix("+") + text.UNITS[unit][3]
    where = "above" if row.estimate > 0 else "below"
    other = "the rest" if row.other == "the rest" else row.other
    low, high = (row.low, row.high) if row.estimate > 0 else (-row.high, -row.low)
    between = text.difference_interval(low, high, unit).replace("+", "")
    return f"{row.banner} {row.group} is {size} {where} {other} ({between})"


def related(relations: pd.DataFrame, limit: int = 3) -> dict[str, str]:
    """Which pairs of questions are related more than chance explains."""
    if relations.empty:
        return {"related": "There are no two questions with answers enough to be held against each other."}
    clear = relations[relations["p_adjusted"] < CLEAR]
    pairs = [f"{row.question} and {row.banner}" for row in clear.head(limit).itertuples()]
    first = f"; most clearly {text.join(pairs)}" if pairs else ""
    return {
        "related": f"Of {len(relations)} pairs of questions {len(clear)} are related more than chance explains{first} "
        "(Rao-Scott tests, Holm's correction over all pairs)."
    }


def reliable(table: pd.DataFrame, confidence: float) -> dict[str, str]:
    """How well the items of each factor measure one thing."""
    found = {}
    alphas = table[(table["measure"] == "Alpha") & table["estimate"].notna()] if len(table) else table
    for row in alphas.itertuples():
        if row.low >= ENOUGH:
            verdict = f"above the usual mark of {ENOUGH:g}"
        elif row.high < ENOUGH:
            verdict = f"below the usual mark of {ENOUGH:g}: read its items one by one"
        else:
            verdict = f"not told apart from the usual mark of {ENOUGH:g}"
        found[f"alpha_{len(found) + 1}"] = (
            f"{row.factor} ({row.items} items): alpha {text.number(row.estimate, digits=2)}, {confidence:.0%} interval "
            f"{text.number(row.low, digits=2)} to {text.number(row.high, digits=2)}, {verdict}."
        )
    return found


def alt_ratings(ratings: pd.DataFrame) -> str:
    """What the chart of ratings shows, for who cannot see it."""
    told = []
    for item, part in ratings.groupby("item", sort=False):
        top = part[part["answer"] == part["answer"].max()]["estimate"].iloc[0]
        low = part[part["answer"] == part["answer"].min()]["estimate"].iloc[0]
        told.append(f"{item} {text.number(top, 'percent')} best, {text.number(low, 'percent')} worst answer")
    return f"Stacked bars, bad answers to the left and good ones to the right. {'; '.join(told)}."
