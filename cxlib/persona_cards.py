"""Persona cards: what the picture of a buyer persona tells, as plain fields."""

import re
from dataclasses import dataclass, replace

import pandas as pd

from cxlib.banner_lines import GROUPS
from cxlib.language import tr
from cxlib.people import ALL, People, attribute_of, is_sensitive, profile_questions
from cxlib.persona_facts import PERSONA, TARGET_MARKET
from cxlib.profiles import COLUMNS, profile
from cxlib.segment_cards import NO, YES
from cxlib.shown import Shown

NAN = float("nan")
MOST = 4  # traits of a kind
COMMON = 20  # percent of a persona: what fewer have is no trait of it
PARTS = {
    "who": ("demographic", "geographic", "firmographic"),
    "values": ("psychographic",),
    "buys": ("behavioural", "other"),
    "roles": ("role",),
    "channels": ("channel",),
}


@dataclass(frozen=True)
class Trait:
    """What some of a persona are or do: their share (or a mean, in its `unit`), that of all customers, the index."""

    label: str
    share: float
    total: float = NAN
    unit: str = "percent"
    index: float = NAN


@dataclass(frozen=True)
class Measure:
    """A metric of a persona with its interval, the total's value, and the least and most that it can be.

    nan stands for what may not be shown (**); a star stands beside it where `n` is a small base.
    """

    label: str
    value: float
    low: float
    high: float
    total: float
    least: float
    most: float
    unit: str
    n: float = NAN


@dataclass(frozen=True, repr=False)
class Card(Shown):
    """A buyer persona as its picture tells it; whatever is empty or None takes no room.

    `share`, `low` and `high` are percent of all customers; `customers` and `market` (money, in `currency`) are
    estimate, low, high. Traits come with the most telling first. `complaint`, `driver` and `action` are sentences,
    `foot` is the method.
    """

    number: int
    name: str
    share: float
    low: float
    high: float
    n: float
    n_effective: float
    customers: tuple[float, float, float] | None = None
    market: tuple[float, float, float] | None = None
    currency: str = ""
    who: tuple[Trait, ...] = ()
    values: tuple[Trait, ...] = ()
    buys: tuple[Trait, ...] = ()
    roles: tuple[Trait, ...] = ()
    channels: tuple[Trait, ...] = ()
    metrics: tuple[Measure, ...] = ()
    complaint: str = ""
    driver: str = ""
    action: str = ""
    foot: str = ""
    confidence: float = 0.95


def profiles(case: People, frame: pd.DataFrame, *, group: str = PERSONA, formed_by=(), correction="holm", against=None):
    """profiles.profile() of the people by the groups of a column: every attribute that is not sensitive, if any.

    What formed the groups has no p value: `formed_by` names questions, and whatever is derived from them counts too.
    """
    if not len(frame[group].cat.categories):
        return pd.DataFrame(columns=COLUMNS)
    study, table = case.study, case.table
    spec = study.book.tables[table].questions
    spared = [name for name in spec if is_sensitive(study, table, name) and name not in case.questions]
    sources = {new: name for name, question in spec.items() for new in question.derive}
    names = [name for name in profile_questions(study, table) if sources.get(name, name) not in {*spared, group}]
    names = [name for name in names if _may_be_told(frame, name)]
    if not names:
        return pd.DataFrame(columns=COLUMNS)
    formed = [name for name in names if {name, sources.get(name)} & set(formed_by)]
    options = [c for name in names for c in frame if c.startswith(f"{name}.")]
    nets = [c for c in options if c.partition(".")[2] in spec[c.partition(".")[0]].nets]
    labels = {name: study.label(sources.get(name, name), table) for name in names}
    labels |= {c: case.option(c) for c in options if c not in nets}
    asked = {
        name: tr("asked of {route}", route=_route(study, table, spec[name]))
        for name in names
        if name in spec and spec[name].asked
    }
    return profile(
        frame.drop(columns=nets),
        group,
        names,
        kinds={name: attribute_of(study, table, name) for name in names},
        formed_by=formed,
        against=against,
        labels=labels,
        bases=asked,
        correction=correction,
        confidence=case.confidence,
        minimum_base=case.minimum_base,
        **case.design,
    )


def pains(case: People, frame: pd.DataFrame) -> pd.DataFrame:
    """profiles.profile() of how each persona rates the drivers; empty without drivers."""
    study = case.study
    drivers = [] if case.table != "survey" else [d for d in study.questions("driver") if frame[d].notna().any()]
    if not drivers or not len(frame[PERSONA].cat.categories):
        return pd.DataFrame(columns=COLUMNS)
    how = {"confidence": case.confidence, "minimum_base": case.minimum_base, **case.design}
    return profile(frame, PERSONA, drivers, labels={name: study.label(name) for name in drivers}, **how)


def cards(sizes, market, metrics, churn, traits, words: dict[str, dict], *, currency="", confidence=0.95) -> list[Card]:
    """A card a persona, from its sizes(), market(), metrics(), churn() and profiles(), and sentences by persona.

    `words` gives complaint, driver, action and foot of each persona. Traits are what a persona is or does more often
    than the rest, its interval of the difference above 0, and by a fifth of it at least; channels and roles are all
    that a fifth or more have. What a handful of people share is no trait: profile() hides it.
    """
    made = []
    for number, row in enumerate(sizes.itertuples(), 1):
        own = traits[traits["group"] == row.persona]
        card = Card(
            number, row.persona, row.estimate, row.low, row.high, row.n, row.members_effective,
            customers=_three(row.customers, row.customers_low, row.customers_high),
            market=_market(market, row.persona),
            currency=currency,
            metrics=_measures(metrics, churn, row.persona),
            confidence=confidence,
            **{part: _traits(own, kinds, part) for part, kinds in PARTS.items()},
        )  # fmt: skip
        made.append(replace(card, **words.get(row.persona, {})))
    return made


def _may_be_told(frame: pd.DataFrame, name: str) -> bool:
    """Whether a question was answered, and in few enough words: postcodes and names tell of single people."""
    columns = [name] if name in frame else [c for c in frame if c.startswith(f"{name}.")]
    words = len(columns) if name not in frame else frame[name].nunique()
    few = words <= GROUPS or (name in frame and pd.api.types.is_numeric_dtype(frame[name]))
    return bool(columns) and few and bool(frame[columns].notna().any(axis=None))


def _route(study, table: str, question) -> str:
    """Who was asked a question, in words."""
    routes = []
    for router, codes in question.asked.items():
        labels = study.book.tables[table].questions[router].labels
        words = [study.book.words(labels.get(code), code) for code in codes]
        routes.append(f"{study.label(router, table)}: {', '.join(words)}")
    return "; ".join(routes)


def _three(estimate: float, low: float, high: float) -> tuple[float, float, float] | None:
    return None if pd.isna(estimate) else (estimate, low, high)


def _market(market: pd.DataFrame, persona: str) -> tuple[float, float, float] | None:
    if market.empty:
        return None
    own = market[(market["persona"] == persona) & (market["kind"] == TARGET_MARKET)]
    return _three(*own[["estimate", "low", "high"]].iloc[0]) if len(own) else None


def _measures(metrics: pd.DataFrame, churn: pd.DataFrame, persona: str) -> tuple[Measure, ...]:
    found = []
    for rows in (metrics, churn):
        for label, part in rows.groupby("label", sort=False):
            values = part.set_index("persona")
            if persona in values.index:
                own, total = values.loc[persona], values["estimate"].get(ALL, NAN)
                found.append(
                    Measure(label, own["estimate"], own["low"], own["high"], total, own["least"], own["most"],
                            own["unit"], own["n"])
                )  # fmt: skip
    return tuple(found)


def _traits(own: pd.DataFrame, kinds: tuple[str, ...], part: str) -> tuple[Trait, ...]:
    if own.empty:
        return ()
    rows = own[own["kind"].isin(kinds) & (own["unit"] == "percent") & (own["share"] >= COMMON)]
    if part in ("roles", "channels"):
        rows = rows.sort_values("share", ascending=False, kind="stable")
    else:
        rows = rows[rows["difference_low"] > 0].sort_values("difference", ascending=False, kind="stable")
    rows = rows.rename(columns={"index": "index_"}).head(MOST)
    twice = rows["answer"].duplicated(keep=False)  # Price, a reason, and Price, a priority
    return tuple(
        Trait(trait_label(row.attribute, row.answer, named=named), row.share, row.total, "percent", row.index_)
        for row, named in zip(rows.itertuples(), twice, strict=True)
    )


def trait_label(attribute: str, answer: str, *, named: bool = False) -> str:
    """An answer that speaks for itself (Cash, Ho Chi Minh City), else (or `named`) with its attribute (Age: 18-24)."""
    alone = re.search(r"[^\W\d_]", answer) and not re.search(r"\d", answer) and answer.lower() not in YES | NO
    return answer if alone and not named else f"{attribute.partition(',')[0]}: {answer}"
