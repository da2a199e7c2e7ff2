"""What persona cards say in words, and what their pictures show."""

import pandas as pd

from cxlib import text
from cxlib.language import tr


def cards(sizes: pd.DataFrame, *, complaints, pains, drivers, traits) -> dict[str, dict[str, str]]:
    """What each persona's card says in words: complaint (or pain), driver and what to do, by persona."""
    told = {}
    for row in sizes.itertuples():
        own = drivers[drivers["persona"] == row.persona]
        said = {
            "complaint": _complaint(complaints, row.persona) or _pain(pains, row.persona),
            "driver": _driver(own),
            "action": _action(own) or _reach(traits, row.persona),
        }
        told[row.persona] = said
    return told


def _complaint(rows: pd.DataFrame, persona: str) -> str:
    own = rows[(rows["persona"] == persona) & rows["estimate"].notna()]
    if own.empty:
        return ""
    row = own.iloc[0]
    return tr(
        "{subject}: {answer}, {share} of their recorded complaints.",
        subject=row["subject"],
        answer=row["answer"],
        share=text.number(row["estimate"], "percent"),
    )


def _pain(rows: pd.DataFrame, persona: str) -> str:
    """The driver on which a persona lies furthest below the rest, where that is more than chance."""
    if rows.empty:
        return ""
    own = rows[(rows["group"] == persona) & (rows["difference_high"] < 0) & (rows["p_corrected"] < 0.05)]
    if own.empty:
        return ""
    row = own.loc[own["difference"].idxmin()]
    return tr(
        "{label}: rated {rating}, the most below other customers ({difference}).",
        label=row["attribute"],
        rating=text.number(row["share"], "score"),
        difference=text.number(row["difference"], "score", sign=True),
    )


def _driver(own: pd.DataFrame) -> str:
    if own.empty:
        return ""
    row = own.sort_values("rank", kind="stable").iloc[0]
    low, high = (int(row[c]) for c in ("rank_low", "rank_high"))
    ranks = tr("clearly rank {rank}", rank=low) if low == high else tr("rank {low} to {high}", low=low, high=high)
    return tr("{label} goes with {metric} the most ({ranks}).", label=row["label"], metric=row["metric"], ranks=ranks)


def _action(own: pd.DataFrame) -> str:
    """Of what may matter most (its rank interval holds 1) the worst rated."""
    first = own[own["rank_low"] == 1] if len(own) else own
    if first.empty:
        return ""
    row = first.loc[first["rating"].idxmin()]
    return tr(
        "Improve {label}: among what may matter most to them, it is rated lowest ({rating}).",
        label=row["label"],
        rating=text.number(row["rating"], "score"),
    )


def _reach(traits: pd.DataFrame, persona: str) -> str:
    own = traits[(traits["group"] == persona) & (traits["kind"] == "channel") & traits["share"].notna()]
    if own.empty:
        return ""
    row = own.loc[own["share"].idxmax()]
    return tr(
        "Reach them through {label}, which {share} of them use.",
        label=row["answer"] or row["attribute"],
        share=text.number(row["share"], "percent"),
    )


def alt_row(cards: list) -> str:
    """What the picture of all personas shows."""
    told = [f"{card.number} {card.name}, {text.number(card.share, 'percent')}" for card in cards]
    return tr("The personas side by side, by size: {personas}.", personas="; ".join(told))


def captions(cards: list) -> dict[int, str]:
    """What each persona card is called."""
    return {card.number: tr("Persona {number}: {name}", number=card.number, name=card.name) for card in cards}
