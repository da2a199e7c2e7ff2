"""The panel of the personas: which questions form them, how many there are, how large each is, what sets them apart."""

import html
from collections.abc import Generator
from dataclasses import replace
from functools import cache, lru_cache

import pandas as pd

from cxlib import charts, people, persona_cards, persona_facts, persona_profiling, text
from cxlib.charts.card_words import between, measure_value, percent, totals
from cxlib.charts.portrait import color_of
from cxlib.errors import CxError
from cxlib.explore import parts
from cxlib.explore.controls import Control, choice, several, slide
from cxlib.explore.panel import Panel
from cxlib.language import tr, tr_n
from cxlib.profiles import COLUMNS
from cxlib.segment_number import ROWS
from cxlib.sentences import personas as say
from cxlib.steps import in_steps

NUMBERS, SEEDS = range(1, 9), range(10)  # to pick from
AHEAD = range(2, 7)  # numbers of personas that are formed while nothing else is to be done
SECONDS = 1.5e-3  # a person, to choose among 2 to 8 personas
SHOWN_APART = 8  # answers in the picture of what sets personas apart
KEPT = 64  # answers that are kept of each step
LEAST, MOST, STEP = 0.8, 0.99, 0.01  # of the confidence


def personas(
    study,
    *,
    variables: str = "",
    waves: str = "",
    k: str = "2-8",
    seed: int = 0,
    scope: float = 0.0,
    confidence: float = 0.95,
    made=None,
) -> Panel:
    """The panel of the persona-profiling chapter: cards, sizes, and what sets the personas apart.

    Parameters as those of the chapter; `made` are the personas that people.formed() made with these, where they are
    there already. Raises CxError for a study without survey and customers, and for a variable, wave, confidence or
    number of personas that there is not.
    """
    opening = people.people(study, variables=variables, waves=waves, confidence=confidence)
    least, most = people.numbers_to_try(k)
    k = f"{least}-{most}" if most > least else str(least)
    usual = ",".join(people.usual(study, opening.table))
    controls = [
        several("variables", tr("Formed from"), _questions(study, opening.table, variables or usual),
                variables or usual),
        choice("k", tr("Personas"), _numbers(k, len(opening.frame)), k),
        choice("seed", tr("Seed"), {number: str(number) for number in sorted({*SEEDS, seed})}, seed),
        *_waves(study, opening.table, waves),
        choice("scope", tr("Can be reached"), _scopes(study, scope), scope),
        slide("confidence", tr("Confidence"), min(LEAST, confidence), max(MOST, confidence), STEP, confidence,
              percent=True),
    ]  # fmt: skip

    def parameters(settings: dict) -> dict:
        chosen = settings["variables"]
        return {"waves": waves} | settings | {"variables": "" if chosen == usual else chosen}

    first = _key(parameters({control.name: control.value for control in controls}))
    answer = _answer(study, parameters, {} if made is None else {first: made})

    def ahead(**settings) -> Generator:
        for number in AHEAD:
            try:
                yield from answer.steps(**settings | {"k": str(number)})
            except CxError:  # told where somebody asks for this number
                continue

    return Panel(study, "persona_profiling", controls, answer, parameters=parameters, ahead=ahead)


def _key(parameters: dict) -> tuple:
    """What personas depend on: variables, waves, k and seed."""
    return tuple(parameters[name] for name in ("variables", "waves", "k", "seed"))


def _questions(study, table: str, first: str) -> dict[str, str]:
    """What can form personas, with labels: those that do at first come first; sensitive ones are marked."""
    spec = study.book.tables[table].questions
    able = [name for name, question in spec.items() if question.role in (*people.ROLES, "driver")]
    told = {}
    for name in dict.fromkeys([*(part.strip() for part in first.split(",")), *able]):
        label = study.label(name, table).partition(",")[0]
        sensitive = name in spec and people.is_sensitive(study, table, name)
        told[name] = tr("{question} (sensitive)", question=label) if sensitive else label
    return told | {"": tr("as the study says")}


def _numbers(k: str, rows: int) -> dict[str, str]:
    """How many personas, with what the choice by the data costs."""
    seconds = max(1, round(min(rows, ROWS) * SECONDS))
    price = {"price": tr_n("some {n} second", "some {n} seconds", seconds)}
    options = {str(number): str(number) for number in NUMBERS}
    for tried in dict.fromkeys([k, "2-8"]):
        least, most = people.numbers_to_try(tried)
        chosen = tr("chosen by the data, {least} to {most} ({price})", least=least, most=most, **price)
        options.setdefault(tried, chosen if most > least else tried)
    return options


def _waves(study, table: str, waves: str) -> list[Control]:
    if table != "survey" or not study.waves:
        return []
    return [several("waves", tr("Waves"), {wave: wave for wave in study.waves}, waves)]


def _scopes(study, scope: float) -> dict[float, str]:
    """Shares of a persona that the company can reach; 0 is what the study says."""
    own = study.book.personas.scope
    said = tr("as the study says: {share}", share=_share(own)) if own else tr("not declared")
    return {0.0: said} | {share: _share(share) for share in sorted({*(n / 10 for n in range(1, 11)), scope}) if share}


def _share(part: float) -> str:
    return text.number(100 * part, "percent", digits=0)


def _answer(study, parameters, made: dict):
    """The panel's answer, in steps, with what a setting does not change kept from one answer to the next.

    `made` are the personas that are there already, by _key().
    """
    begun = {}

    @cache
    def case_of(variables: str, waves: str):
        return people.people(study, variables=variables, waves=waves)

    def go_on(key: tuple) -> None:
        """A step towards the personas of a key. Where it ends too early, the next one goes on from there."""
        variables, waves, k, seed = key
        if key not in begun:
            begun[key] = people.formed.steps(case_of(variables, waves), k=k, seed=seed)
        try:
            next(begun[key])
        except StopIteration as end:
            made[key] = end.value
            del begun[key]
        except Exception:
            del begun[key]
            raise

    @lru_cache(KEPT)
    def placed(key: tuple):
        return persona_facts.placed(case_of(*key[:2]), made[key])

    @lru_cache(KEPT)
    def reasons(key: tuple) -> list[parts.Part]:
        case, found = case_of(*key[:2]), made[key]
        tried = persona_profiling.choices(found)
        heads = {"k": "Personas", "bic": ("BIC", "ratio"), "smallest_n": ("Smallest", "base"),
                 "least_stable": ("Least stable", "ratio"), "why": "Why, or why not"}  # fmt: skip
        caption = tr("Numbers of personas that were tried")
        return [
            *parts.sentences(say.found(case, found)),
            *parts.table(tried, caption=caption, columns=list(heads), labels=heads, minimum_base=0),
        ]

    @lru_cache(KEPT)
    def set_apart(key: tuple) -> list[parts.Part]:
        found, title = made[key], tr("What sets them apart")
        rows, labels = persona_profiling.apart(found), people.in_words(case_of(*key[:2]))
        drawing = charts.sets_apart(rows, names=found.names, title=title, labels=labels, most=SHOWN_APART)
        return parts.figure(drawing, alt=say.alt_apart(found))

    @lru_cache(KEPT)
    def metrics(key: tuple, confidence: float) -> pd.DataFrame:
        return persona_facts.metrics(replace(case_of(*key[:2]), confidence=confidence), placed(key))

    @lru_cache(KEPT)
    def market(key: tuple, confidence: float, scope: float) -> pd.DataFrame:
        return persona_facts.market(replace(case_of(*key[:2]), confidence=confidence), placed(key), scope)

    @in_steps
    def answer(**settings) -> Generator[None, None, list[parts.Part]]:
        now = parameters(settings)
        key, confidence, scope = _key(now), now["confidence"], now["scope"]
        while key not in made:
            go_on(key)
            yield
        why = reasons(key)
        if made[key].k == 1:
            return why
        case = replace(case_of(*key[:2]), confidence=confidence)
        sizes, worth = persona_facts.sizes(case, made[key]), market(key, confidence, scope)
        yield
        scores = metrics(key, confidence)
        yield
        apart = set_apart(key)
        none = pd.DataFrame(columns=COLUMNS)
        cards = persona_cards.cards(
            sizes, worth, scores, scores.iloc[:0], none, {}, currency=study.book.currency or "", confidence=confidence
        )
        heads = {"persona": "Persona", "estimate": "Share", "stability": ("Stability", "ratio"),
                 "customers": ("Customers", "count"), "customers_low": ("from", "count"),
                 "customers_high": ("to", "count")}  # fmt: skip
        columns = ["persona", "estimate", "low", "high", "n", "stability", *list(heads)[3:]]
        heads |= {"n_weighted": "Their weights", "n_effective": "Effective base, of all"}
        caption = tr("How many customers each persona has")
        shown = {"labels": heads, "confidence": confidence, "minimum_base": case.minimum_base}
        return [
            _cards(cards),
            *parts.table(sizes, caption=caption, columns=columns, **shown),
            *parts.sentences(say.market(case, worth, scope)),
            *apart,
            *why,
            *parts.sentences([_left_out()]),
        ]

    return answer


def _left_out() -> str:
    return tr("Profiles, complaints, drivers, churn and the questions that place a customer are told by the chapter.")


def _cards(cards: list[persona_cards.Card]) -> parts.Part:
    """A card a persona: name, share of all, customers, target market and metrics, each with its interval."""
    shown = "".join(
        f'<li style="border-top-color: {color_of(card.number)}">'
        f"<strong>{card.number} · {html.escape(card.name)}</strong>"
        f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in _lines(card))}</ul></li>"
        for card in cards
    )
    return parts.Part(f'<ul class="cx-cards">{shown}</ul>', "\n".join(charts.persona_alt(card) for card in cards))


def _lines(card: persona_cards.Card) -> list[str]:
    """What a card says, line by line."""
    share = tr("{share} of customers ({interval})", share=percent(card.share),
               interval=between(card.low, card.high, "percent"))  # fmt: skip
    lines = [share, *(f"{figure} ({limits})" for figure, limits in totals(card))]
    for one in card.metrics:
        limits = "" if pd.isna(one.value) else f" ({between(one.low, one.high, one.unit)})"
        own = f"{one.label} {measure_value(one)}{limits}"
        all_ = text.number(one.total, one.unit)
        lines.append(own if pd.isna(one.total) else tr("{own}, all {total}", own=own, total=all_))
    return lines
