"""The page over the reports of all parts of a study: a row each, with the headline numbers as they are recorded.

One self-contained file, readable without its script, which sorts and filters. Nothing is computed here but what can be
told from the records: counts, the ends of a scale, and whose interval lies clear of another's.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from statistics import NormalDist
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup, escape

from cxlib import parts, text
from cxlib.codebook import Codebook
from cxlib.few import LEAST, in_list
from cxlib.language import spoken, tr, tr_n
from cxlib.report.brand import WHITE, Brand, mixed
from cxlib.report.html import UNSEEN
from cxlib.report.layout import place
from cxlib.report.templating import environment

if TYPE_CHECKING:
    from cxlib.report.each import Entry

MANY = 20  # rows beyond which a field is offered to find one by its name
NAMED = 5  # parts that a sentence names
LETTERS = 60  # of a label within a sentence
SIZES = ("count", "money")  # units of what grows with a part; who is larger is no question of chance


@dataclass(frozen=True)
class Column:
    """A headline number of the table: its head, and the ends of the scale that its bars are drawn on.

    `same` is false where the reports do not call the number alike (the largest persona of each), so that it is not
    one number. `scale` holds unrounded ends, `ends` what is printed of them; nothing is drawn without a scale.
    """

    name: str
    head: str
    same: bool
    scale: tuple[float, float] | None
    ends: str


def page(entries: list["Entry"], whole: Codebook, column: str, look: Brand) -> bytes:
    """The page as HTML, in the language that is spoken.

    How many respondents a part has is not told of fewer than 5, nor where it would tell that of others.
    """
    columns = _columns(entries)
    secret = in_list([one.respondents or 0 for one in entries])
    sizes = [None if hide else one.respondents for one, hide in zip(entries, secret, strict=True)]
    pages = environment()
    pages.globals |= {"tr": tr}
    pages.filters |= {"address": quote}
    style, script = ("".join(pages.loader.get_source(pages, name)[0] for name in names)
                     for names in (("page.css", "each.css"), ("each.js",)))  # fmt: skip
    logo = f"data:{look.logo_type};base64,{base64.b64encode(look.logo).decode()}" if look.logo else ""
    made = pages.get_template("each.html.j2").render(
        language=spoken(),
        title=whole.words(whole.title),
        client=whole.client or "",
        subject=parts.column_label(whole, column),
        people=_people(whole),
        brand=look,
        logo=logo,
        range=mixed(look.colour, WHITE, 0.56),
        style=Markup(style),
        script=Markup(script),
        allowed=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        facts=list(_facts(entries, sizes, columns, whole)),
        columns=columns,
        rows=[
            (
                one,
                size,
                text.CONFIDENTIAL if size is None else text.number(size),
                [_cell(one, column) for column in columns],
            )
            for one, size in zip(entries, sizes, strict=True)
        ],
        many=len(entries) > MANY,
        marks=tr(
            "Numbers on fewer than {withheld} answers are withheld (**), numbers on fewer than {marked} are marked "
            "(*).",
            withheld=text.number(whole.minimum_base),
            marked=text.number(text.SMALL_BASE),
        )
        + (f" {_confidential()}" if None in sizes else ""),
    )
    return UNSEEN.sub("", made).encode("utf-8", "replace")


def _confidential() -> str:
    """The mark of a count that is not shown, explained as under a table."""
    return tr("{mark} confidential: a count under {least}, or one that would tell such a count.",
              mark=text.CONFIDENTIAL, least=LEAST)  # fmt: skip


def _people(whole: Codebook) -> str:
    """Whom parts.values() counts."""
    return tr("Respondents") if "survey" in whole.tables else tr("Customers")


def _columns(entries: list["Entry"]) -> list[Column]:
    """The headline numbers of all reports, in the order in which they come up."""
    found = []
    for name in dict.fromkeys(name for one in entries for name in one.numbers):
        numbers = [one.numbers[name] for one in entries if name in one.numbers]
        labels = list(dict.fromkeys(number["label"] for number in numbers))
        same = len(labels) == 1
        scale = _scale(numbers) if same else None
        ends = text.interval(*scale, numbers[0]["unit"], digits=_digits(scale)) if scale else ""
        found.append(Column(name, labels[0] if same else _begin_alike(labels), same, scale, ends))
    return found


def _begin_alike(labels: list[str]) -> str:
    """The words with which all labels begin; nothing where they begin differently."""
    words = zip(*(label.split() for label in labels), strict=False)
    return " ".join(every[0] for every in takewhile(lambda every: len(set(every)) == 1, words)).rstrip(" :·–-")


def _scale(numbers: list[dict]) -> tuple[float, float] | None:
    """What the number can be, where all records say the same; else from the least to the greatest that is told."""
    told = {(number.get("least"), number.get("most")) for number in numbers}
    if len(told) == 1 and None not in (ends := told.pop()):
        return ends
    values = [number[key] for number in numbers for key in ("low", "value", "high") if number[key] is not None]
    return (min(values), max(values)) if values and min(values) < max(values) else None


def _digits(scale: tuple[float, float]) -> int | None:
    """Decimals of the ends of a scale: none where they are whole numbers, else (None) as the unit has them."""
    return 0 if all(float(end).is_integer() for end in scale) else None


def _cell(one: "Entry", column: Column) -> dict:
    """A number as the table shows it: printed as recorded, what it is sorted by, and its bar."""
    number = one.numbers.get(column.name)
    if number is None:
        return {"printed": None, "value": None, "label": "", "bar": None}
    bar = None
    if column.scale and number["value"] is not None:
        ends = dict(zip(("least", "most"), column.scale, strict=True))
        low, high = ((number["value"] if number[key] is None else number[key]) for key in ("low", "high"))
        bar = place({"value": number["value"], "low": low, "high": high} | ends)
        bar = bar and {key: min(max(at, 0), 100) for key, at in bar.items()}
    label = "" if column.same else number["label"]
    return {"printed": number["printed"], "value": number["value"], "label": label, "bar": bar}


def _facts(entries: list["Entry"], sizes: list[int | None], columns: list[Column], whole: Codebook) -> Iterator[Markup]:
    """What is to be known before the table is read: how many parts, how large, what is withheld, what order is not."""
    failed = sum(bool(one.error) for one in entries)
    ordered = sorted(((one, size) for one, size in zip(entries, sizes, strict=True) if size is not None),
                     key=lambda one: one[1])  # fmt: skip
    count = tr_n("{n} report.", "{n} reports.", len(entries))
    if failed:
        count += " " + tr("{number} of them could not be made.", number=text.number(failed))
    yield _words(count)
    if len(ordered) == len(entries) > 1:
        (least, fewest), (most, highest) = ordered[0], ordered[-1]
        yield _words(
            tr("{people}: from {least} ({smallest}) to {most} ({largest})."),
            people=_people(whole),
            least=text.number(fewest),
            smallest=_name(least.label),
            most=text.number(highest),
            largest=_name(most.label),
        )
    numbers = [number for one in entries for number in one.numbers.values()]
    withheld = sum(number["printed"]["value"] == "**" for number in numbers)
    if withheld:
        yield _words(
            tr("{withheld} of {all} numbers are withheld, since they rest on fewer than {base} answers."),
            withheld=text.number(withheld),
            all=text.number(len(numbers)),
            base=text.number(whole.minimum_base),
        )
    elif numbers:
        yield _words(tr("No number is withheld for a small base."))
    if any(sum(_told(one, column) for one in entries) > 1 for column in columns):
        yield Markup("<strong>{}</strong>").format(
            tr(
                "The order of the values is not a ranking: where two intervals overlap, chance alone may have put one "
                "before the other."
            )
        )
    for column in columns:
        yield from _clear(column, _comparable(entries, column))


def _told(one: "Entry", column: Column) -> bool:
    """Whether a report tells the number with its interval."""
    number = one.numbers.get(column.name, {})
    return None not in (number.get(key) for key in ("value", "low", "high"))


def _comparable(entries: list["Entry"], column: Column) -> list[tuple[str, dict]]:
    """Labels and numbers of those that can be held against each other: a level with an interval, not a size."""
    told = [(one.label, one.numbers[column.name]) for one in entries if _told(one, column)]
    return told if column.same and not any(n["unit"] in SIZES for _, n in told) else []


def _clear(column: Column, told: list[tuple[str, dict]]) -> Iterator[Markup]:
    """Whose interval lies clear of that of the part in the middle, all intervals widened so that all hold at once.

    Bonferroni: each side by the ratio of the normal quantiles. Since all hold at once, it does not matter that the
    middle was found in the same data.
    """
    if len(told) < 3:
        return
    wide = sorted(((label, n["value"], *_widened(n, len(told))) for label, n in told), key=lambda one: one[1])
    middle, _, low, high = wide[(len(wide) - 1) // 2]
    found = [Markup("{} ({})").format(_name(label), tr("below") if to < low else tr("above"))
             for label, _, since, to in wide if to < low or since > high]  # fmt: skip
    about = {"metric": column.head, "middle": _name(middle), "all": text.number(len(told))}
    if not found:
        yield _words(
            tr(
                "{metric}: no report lies clear of the one in the middle ({middle}) when the intervals of all {all} "
                "are widened so that they hold at once."
            ),
            **about,
        )
        return
    more = len(found) - NAMED
    named = [*found[:NAMED], tr("{number} more", number=text.number(more))] if more > 0 else found
    about["names"] = Markup(", ").join(named)
    yield _words(
        tr_n(
            "{metric}: {n} report lies clear of the one in the middle ({middle}), even when the intervals of all {all} "
            "are widened so that they hold at once: {names}.",
            "{metric}: {n} reports lie clear of the one in the middle ({middle}), even when the intervals of all {all} "
            "are widened so that they hold at once: {names}.",
            len(found),
            **{place: f"{{{place}}}" for place in about},
        ),
        **about,
    )


def _widened(number: dict, many: int) -> tuple[float, float]:
    """The interval of one of so many numbers, wide enough that all hold at once."""
    quantile, error = NormalDist().inv_cdf, 1 - number["confidence"]
    ratio = quantile(1 - error / 2 / many) / quantile(1 - error / 2)
    value = number["value"]
    return value - ratio * (value - number["low"]), value + ratio * (number["high"] - value)


def _name(label: str) -> Markup:
    """A label within a sentence: not too long, and set apart, so that one that is written from right to left does not
    turn the words around it."""
    return Markup("<bdi>{}</bdi>").format(label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…")


def _words(message: str, **values) -> Markup:
    """A message with values in its places, both as text, not as HTML."""
    return Markup(escape(message)).format(**values)
