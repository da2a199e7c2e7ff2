"""The language of a report: its messages, their plural forms, the signs in its numbers and the order of its dates.

Messages are written in English, whole, with named places: tr("{metric} rose to {value}", metric=…, value=…). The
gettext catalogues of another language stand in cxlib/locale/<language>/LC_MESSAGES. A process speaks one language at a
time, English until speak() says another, since a chapter and a report are in one language from end to end.
"""

import gettext
import io
from datetime import date, datetime
from functools import cache
from pathlib import Path

from cxlib.errors import CxError

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"
# Where Babel's default would put the month first.
REGIONS = {"en": "en_GB"}

_spoken = ENGLISH
_catalogue = gettext.NullTranslations()


def languages() -> tuple[str, ...]:
    """The languages of reports: English, and every one that has a catalogue."""
    return (ENGLISH, *sorted(path.name for path in LOCALE.iterdir() if any(path.glob("LC_MESSAGES/*.po"))))


def speak(language: str) -> None:
    """Write messages, numbers and dates in this language from now on; CxError where it has no catalogue."""
    global _spoken, _catalogue
    if language not in languages():
        raise CxError(f"language is one of {', '.join(languages())}; found {language!r}")
    _spoken = language
    _catalogue = gettext.NullTranslations() if language == ENGLISH else _read(language)


def spoken() -> str:
    """The language that is spoken, as study.yml names it: en, vi."""
    return _spoken


def tr(message: str, **values) -> str:
    """A message in the language that is spoken, with `values` in its places; English where it has no translation."""
    told = _catalogue.gettext(message) if message else ""
    return told.format(**values) if values else told


def tr_n(one: str, many: str, number: float, **values) -> str:
    """A message that counts something, in the form that its {n} asks for: 1 answer, 2,809 answers."""
    return _catalogue.ngettext(one, many, round(number)).format(n=digits(f"{number:,.0f}"), **values)


def noted(message: str) -> str:
    """The message as it is: for a word that stands in data or in a constant and is translated where it is shown."""
    return message


def digits(english: str) -> str:
    """A number that is written in English (1,234.5) with the signs of the language that is spoken (1.234,5)."""
    decimal, group = _signs(_spoken)
    return english.translate({ord("."): decimal, ord(","): group})


def day(value: date | datetime) -> str:
    """A date in words: 3 March 2026."""
    from babel.dates import format_date

    return format_date(value, format="long", locale=REGIONS.get(_spoken, _spoken))


@cache
def _signs(language: str) -> tuple[str, str]:
    """What separates decimals and thousands."""
    if language == ENGLISH:
        return ".", ","
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return get_decimal_symbol(language), get_group_symbol(language)


@cache
def _read(language: str) -> gettext.GNUTranslations:
    """The catalogues of a language as one; what a file lacks stands in another."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = None
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        found = gettext.GNUTranslations(compiled)
        if whole is None:
            whole = found
        else:
            whole.add_fallback(found)
    return whole
