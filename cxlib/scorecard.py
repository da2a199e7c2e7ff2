"""Attributes as answers that can earn points: categories as levels, numbers in bands, and blanks as "unknown"."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.columns import bands, natural_order
from cxlib.errors import CxError, nearest
from cxlib.language import digits, noted, tr
from cxlib.readers import by_value, code
from cxlib.segment_numbers import printed, rounded

UNKNOWN, OTHER = noted("unknown"), noted("other")
LEAST = 10  # customers who gave an answer; fewer, and it is taken together with other rare ones
BANDS = 5  # of a number, with as many customers in each as readable edges allow
FEW = 10  # different values of a number, which are its answers, where they are no more
SPIKE = 0.15  # of the customers: a number that more of them have is an answer of its own
PRIVATE = 5  # customers: an answer that fewer gave is no example
NOT_ASKED = 0.95  # of an attribute's blanks, that another attribute must explain


@dataclass(frozen=True)
class Attribute:
    """What customers and prospects share: its answers, the last of them "unknown", and what each earns.

    A number has `edges` between its bands. `rare` answers count as "other". Where the question was `not_asked` of
    some (an industry of households), their blank says nothing that another attribute does not say, and earns nothing.
    """

    name: str
    label: str
    answers: tuple[str, ...]
    points: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    number: bool = False
    rare: frozenset[str] = frozenset()
    not_asked: str = ""

    def of(self, frame: pd.DataFrame) -> pd.Series:
        """The prospects' answers to it."""
        return column(frame, self.name, "prospects")

    def shown(self, frame: pd.DataFrame) -> np.ndarray:
        """Each prospect's answer in words: City: Hanoi."""
        return np.array([f"{self.label}: {self.printed(answer)}" for answer in answers(self, self.of(frame))], object)

    def printed(self, answer: str) -> str:
        """An answer as it is printed, in the language that is spoken."""
        if answer in (UNKNOWN, OTHER):
            return tr(answer)
        return printed(answer) if self.number else answer


def column(frame: pd.DataFrame, name: str, where: str) -> pd.Series:
    """The frame's column of that name, else a CxError with the nearest one."""
    if name not in frame:
        raise CxError(f"the {where} have no column {name}{nearest(name, frame.columns)}")
    if list(frame.columns).count(name) > 1:
        raise CxError(f"the {where} have {list(frame.columns).count(name)} columns called {name}; rename all but one")
    return frame[name]


def is_number(values: pd.Series) -> bool:
    """Whether the answers are numbers to be cut into bands, rather than categories."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def attribute(values: pd.Series, label: str) -> Attribute:
    """The attribute as the training customers answered it; raises CxError for what no two customers share.

    A number of few different values has these as its answers, any other bands.
    """
    name = str(values.name)
    if is_number(values):
        numbers = _finite(values).dropna()
    if is_number(values) and not _is_few(numbers):
        edges = _edges(numbers.to_numpy())
        names = tuple(bands(numbers, edges).cat.categories) if edges else tuple(f"{n:g}" for n in numbers[:1])
        return Attribute(name, label, (*names, UNKNOWN), edges=edges, number=True)
    told = pd.Series(texts(values))
    counts = told[told != UNKNOWN].value_counts()
    rare = frozenset(counts.index[counts < LEAST])
    if len(rare) == len(counts) > 1 and len(counts) > counts.sum() / 2:
        raise CxError(
            f"an attribute needs answers that customers share; {name} has {len(counts):,} different answers of "
            f"{counts.sum():,} customers, e.g. {counts.index.min()}; is it an identifier, or to be cut into bands?"
        )
    declared = isinstance(values.dtype, pd.CategoricalDtype)
    order = values.cat.categories.map(str) if declared else natural_order(counts.index)
    kept = [answer for answer in order if answer in counts.index and answer not in rare and answer != OTHER]
    return Attribute(name, label, (*kept, *([OTHER] if rare or OTHER in counts else []), UNKNOWN), rare=rare)


def described(used, labels, train: np.ndarray) -> list[Attribute]:
    """The attributes as the training customers answered them; who was not asked is found by the attributes before.

    Those with the fewest blanks come first in this: a blank of theirs cannot follow from another's.
    """
    card = [attribute(used.loc[train, name], label) for name, label in labels.items()]
    coded = {a.name: codes(a, used.loc[train, a.name]) for a in card}
    blanks = [np.sum(coded[a.name] == len(a.answers) - 1) for a in card]
    before = []
    for place in np.argsort(blanks, kind="stable"):
        card[place] = replace(card[place], not_asked=unasked(card[place], coded, before))
        before.append(card[place])
    return card


def answers(attribute: Attribute, values: pd.Series) -> np.ndarray:
    """Each answer as text, a number as its band, a blank as "unknown"; rare and new answers by their own names."""
    if not attribute.number:
        return texts(values)
    if not is_number(values):
        if values.isna().all():
            return np.full(len(values), UNKNOWN, object)
        raise CxError(
            f"{attribute.name} must hold numbers, as among the customers; it holds {values.dtype}, "
            f"e.g. {values.dropna().iloc[0]}"
        )
    numbers = _finite(values).to_numpy()
    band = np.where(np.isnan(numbers), -1, np.searchsorted(attribute.edges, numbers, side="right"))
    return np.array(attribute.answers, object)[band]


def codes(attribute: Attribute, values: pd.Series) -> np.ndarray:
    """The place of each answer among the attribute's answers: rare ones are "other", new ones "unknown"."""
    told = pd.Series(answers(attribute, values)).map(_places(attribute))
    return told.fillna(len(attribute.answers) - 1).to_numpy(int)


def unseen(attribute: Attribute, values: pd.Series) -> np.ndarray:
    """Where an answer was given that the attribute does not have."""
    return ~pd.Series(answers(attribute, values)).isin(list(_places(attribute))).to_numpy(bool)


def unasked(attribute: Attribute, coded: dict[str, np.ndarray], others: list[Attribute]) -> str:
    """The answers to another attribute of whom this one was not asked ("segment Household"), or "".

    They have no answer but a blank, and nearly all its blanks are theirs.
    """
    blank = coded[attribute.name] == len(attribute.answers) - 1
    for other in others if blank.any() and not blank.all() else []:
        size = np.bincount(coded[other.name], minlength=len(other.answers))
        blanks = np.bincount(coded[other.name][blank], minlength=len(other.answers))
        whole = (size > 0) & (blanks == size)
        if blanks[whole].sum() >= NOT_ASKED * blank.sum():
            return f"{other.name} {' or '.join(np.array(other.answers, object)[whole])}"
    return ""


def centre(attribute: Attribute, code: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The share of each answer among customers, or among those of them who were asked."""
    share = np.bincount(code, weight, len(attribute.answers))
    if attribute.not_asked:
        share[-1] = 0.0
    return share / max(share.sum(), np.finfo(float).tiny)


def design(code: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """A column for each answer, 1 where it was given, less its share; all 0 for an answer that the model never saw."""
    columns = np.eye(len(centre))[code] - centre
    columns[centre[code] == 0] = 0.0
    return columns


def decided(card, used, train: np.ndarray, left_out: int) -> pd.DataFrame:
    """The decisions frame of LeadScore."""
    rows = [("", left_out, tr("not known whether ideal; left out"), "")] if left_out else []
    for a in card:
        values = used[a.name]
        told = answers(a, values)
        blank, rare, new = told == UNKNOWN, np.isin(told, [*a.rare]), unseen(a, values)
        if a.edges:
            edges = ", ".join(digits(f"{edge:,g}") for edge in a.edges)
            what = tr("a number, cut into bands at {edges}", edges=edges)
            rows.append((a.name, int((~blank).sum()), what, a.printed(a.answers[0])))
        if blank.any():
            what = tr('blank; counts as the answer "{unknown}"', unknown=tr(UNKNOWN))
            if a.not_asked:
                what = tr("not asked of {answer}; a blank earns nothing", answer=a.not_asked)
            rows.append((a.name, int(blank.sum()), what, ""))
        if rare.any():
            what = tr('answers of fewer than {n} training customers; count as "{other}"', n=LEAST, other=tr(OTHER))
            rows.append((a.name, int(rare.sum()), what, _example(told[rare])))
        if new.any():
            what = tr('answers of no training customer; count as "{unknown}"', unknown=tr(UNKNOWN))
            rows.append((a.name, int(new.sum()), what, _example(told[new])))
        if len(set(told[train])) == 1:
            rows.append((a.name, int(train.sum()), tr("one answer only; earns nothing"), a.printed(told[0])))
    return decisions(rows)


def _example(told: np.ndarray) -> str:
    """The answer that most of them gave, none where they are so few that it might tell who they are."""
    counts = pd.Series(told).value_counts()
    return counts.index[0] if counts.iloc[0] >= PRIVATE else ""


def decisions(rows) -> pd.DataFrame:
    """A frame of decisions: attribute, rows, decision, example."""
    return pd.DataFrame(list(rows), columns=["attribute", "rows", "decision", "example"])


def places(values: pd.Series) -> np.ndarray:
    """A number for each answer by which rows can be put in order, the same in every language of the labels."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy()
    return pd.factorize(values.to_numpy(float, na_value=np.nan) if is_number(values) else texts(values), sort=True)[0]


def texts(values: pd.Series) -> np.ndarray:
    """Categories as text; a blank is "unknown"."""
    told = by_value(values.astype(object), code).to_numpy(object)
    return np.array([UNKNOWN if answer is None or answer != answer else str(answer) for answer in told], object)


def _places(attribute: Attribute) -> dict[str, int]:
    """The place of every answer that training customers gave, the rare ones with "other"."""
    place = {answer: i for i, answer in enumerate(attribute.answers)}
    return place | dict.fromkeys(attribute.rare, place.get(OTHER, len(place) - 1))


def _finite(values: pd.Series) -> pd.Series:
    """The numbers as floats; a CxError where some are infinite."""
    numbers = pd.Series(values.to_numpy(float, na_value=np.nan), name=values.name)
    if np.isinf(numbers).any():
        raise CxError(f"an attribute's numbers are finite; {np.isinf(numbers).sum()} of {values.name} are not")
    return numbers


def _is_few(numbers: pd.Series) -> bool:
    """Whether a number has few different values, of which one at least is no rare answer."""
    counts = numbers.value_counts()
    return 1 < len(counts) <= FEW and counts.max() >= LEAST


def _edges(numbers: np.ndarray) -> tuple[float, ...]:
    """Edges near the quantiles, in figures as round as keep the bands apart; a spike is parted from the rest."""
    if not len(numbers):
        return ()
    values, counts = np.unique(numbers, return_counts=True)
    spike = values[counts.argmax()]
    if counts.max() <= SPIKE * len(numbers):
        return _with_numbers(_near(numbers, BANDS), numbers)
    below, above = numbers[numbers < spike], numbers[numbers > spike]
    edges = [spike] if len(below) else []
    edges += [_between(spike, above.min())] if len(above) else []
    for part in (below, above):
        near = _near(part, int(np.ceil((BANDS - 1) * len(part) / len(numbers))))
        edges += [edge for edge in near if part.min() < edge <= part.max()]
    return _with_numbers(np.array(edges), numbers)


def _near(numbers: np.ndarray, count: int) -> np.ndarray:
    """Edges near the quantiles that cut numbers in so many parts, of two figures where these keep the parts apart."""
    if count < 2:
        return np.empty(0)
    wanted = np.quantile(numbers, np.arange(1, count) / count)
    choices = [np.array([float(f"{value:.2g}") for value in wanted]), rounded(wanted, numbers, numbers), wanted]
    return max(choices, key=lambda edges: len(_with_numbers(edges, numbers)))


def _between(low: float, high: float) -> float:
    """The roundest number above low and up to high."""
    tried = (float(f"{high:.{figures}g}") for figures in range(1, 17))
    return next((edge for edge in tried if low < edge <= high), float(high))


def _with_numbers(edges: np.ndarray, numbers: np.ndarray) -> tuple[float, ...]:
    """The edges that leave no band empty."""
    kept, low = [], -np.inf
    for edge in np.unique(edges):
        if ((numbers >= low) & (numbers < edge)).any() and edge <= numbers.max():
            kept.append(float(edge))
            low = edge
    return tuple(kept)
