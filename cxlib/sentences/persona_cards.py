"""What persona cards say in words, in the language of the study, and what their pictures show."""

import pandas as pd

from cxlib import text
from cxlib.people import People

# What a card says, in the study's language; in a Vietnamese study the label of an answer is Vietnamese already.
CARD = {
    "en": {
        "complaint": "{subject}: {answer}, {share} of their recorded complaints.",
        "pain": "{label}: rated {rating}, the most below other customers ({difference}).",
        "driver": "{label} goes with {metric} the most ({ranks}).",
        "ranks": "rank {low} to {high}",
        "rank": "clearly rank {low}",
        "action": "Improve {label}: among what may matter most to them, it is rated lowest ({rating}).",
        "reach": "Reach them through {label}, which {share} of them use.",
    },
    "vi": {
        "complaint": "{subject}: {answer}, {share} số phàn nàn được ghi nhận của họ.",
        "pain": "{label}: điểm {rating}, thấp hơn khách hàng khác nhiều nhất ({difference}).",
        "driver": "{label} gắn với {metric} nhiều nhất ({ranks}).",
        "ranks": "hạng {low} đến {high}",
        "rank": "rõ ràng hạng {low}",
        "action": "Cải thiện {label}: trong những điều có thể quan trọng nhất với họ, điểm này thấp nhất ({rating}).",
        "reach": "Tiếp cận họ qua {label}: {share} số họ dùng.",
    },
}


def cards(case: People, sizes: pd.DataFrame, *, complaints, pains, drivers, traits) -> dict[str, dict[str, str]]:
    """What each persona's card says in words: complaint (or pain), driver and what to do, by persona."""
    words, told = CARD[case.study.book.language], {}
    for row in sizes.itertuples():
        own = drivers[drivers["persona"] == row.persona]
        said = {
            "complaint": _complaint(words, complaints, row.persona) or _pain(words, pains, row.persona),
            "driver": _driver(words, own),
            "action": _action(words, own) or _reach(words, traits, row.persona),
        }
        told[row.persona] = said
    return told


def _complaint(words: dict, rows: pd.DataFrame, persona: str) -> str:
    own = rows[(rows["persona"] == persona) & rows["estimate"].notna()]
    if own.empty:
        return ""
    row = own.iloc[0]
    share = text.number(row["estimate"], "percent")
    return words["complaint"].format(subject=row["subject"], answer=row["answer"], share=share)


def _pain(words: dict, rows: pd.DataFrame, persona: str) -> str:
    """The driver on which a persona lies furthest below the rest, where that is more than chance."""
    if rows.empty:
        return ""
    own = rows[(rows["group"] == persona) & (rows["difference_high"] < 0) & (rows["p_corrected"] < 0.05)]
    if own.empty:
        return ""
    row = own.loc[own["difference"].idxmin()]
    return words["pain"].format(
        label=row["attribute"],
        rating=text.number(row["share"], "score"),
        difference=text.number(row["difference"], "score", sign=True),
    )


def _driver(words: dict, own: pd.DataFrame) -> str:
    if own.empty:
        return ""
    row = own.sort_values("rank", kind="stable").iloc[0]
    low, high = (int(row[c]) for c in ("rank_low", "rank_high"))
    ranks = words["rank" if low == high else "ranks"].format(low=low, high=high)
    return words["driver"].format(label=row["label"], metric=row["metric"], ranks=ranks)


def _action(words: dict, own: pd.DataFrame) -> str:
    """Of what may matter most (its rank interval holds 1) the worst rated."""
    first = own[own["rank_low"] == 1] if len(own) else own
    if first.empty:
        return ""
    row = first.loc[first["rating"].idxmin()]
    return words["action"].format(label=row["label"], rating=text.number(row["rating"], "score"))


def _reach(words: dict, traits: pd.DataFrame, persona: str) -> str:
    own = traits[(traits["group"] == persona) & (traits["kind"] == "channel") & traits["share"].notna()]
    if own.empty:
        return ""
    row = own.loc[own["share"].idxmax()]
    return words["reach"].format(label=row["answer"] or row["attribute"], share=text.number(row["share"], "percent"))


def alt_row(cards: list) -> str:
    """What the picture of all personas shows."""
    told = [f"{card.number} {card.name}, {text.number(card.share, 'percent')}" for card in cards]
    return f"The personas side by side, by size: {'; '.join(told)}."


def captions(cards: list) -> dict[int, str]:
    """What each persona card is called."""
    return {card.number: f"Persona {card.number}: {card.name}" for card in cards}
