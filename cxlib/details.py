"""Mail addresses and numbers of persons in texts that are no comments: sure ones alone, whatever else stands there."""

import re
from collections.abc import Iterator

from cxlib.masking import is_card

# Numbers are known by how they begin and are grouped, so that amounts, dates and rows of a table are none.
_PATTERNS = {
    "mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?!\w)"),
    "phone or identity number": re.compile(
        r"(?<![\w.,+/-])(?:(?:\+|00)84[ .-]?(?:\(0\))?[1-9](?:[ .-]?\d){8,9}|0\d{8,11}"
        r"|\(?0\d{1,3}\)?([ .-])\d{3,4}(?:\1\d{2,4}){1,3})(?![\w/]|[.,-]\d)"
        r"|(?<![\w.,])\+(?!\d{1,3}([ .,\u00a0])\d{3}(?:\2\d{3})*(?!\2?\d))"  # +1.234.567 is an amount
        r"\d{1,3}(?:[ ()-]{1,2}\d{3,4}){2,4}(?!\w|[.,]\d)"
    ),
    "card number": re.compile(r"(?<![\w.,+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7})(?![\w-]|[.,]\d)"),
}
_FEWEST, _MOST = 9, 15  # digits of a phone or identity number


def details(text: str) -> Iterator[tuple[str, str]]:
    """The mail addresses and numbers of persons in a text, as (kind, detail)."""
    if "@" in text:
        yield from (("mail address", found) for found in _PATTERNS["mail address"].findall(text))
    for found in _PATTERNS["phone or identity number"].finditer(text):
        if _FEWEST <= len(re.findall(r"\d", found[0])) <= _MOST:
            yield "phone or identity number", found[0]
    for found in _PATTERNS["card number"].finditer(text):
        if is_card(found[0]):
            yield "card number", found[0]


def without_details(text: str) -> str:
    """A text, an error's message say, with the details of persons in it replaced by what they are."""
    for kind, detail in [*details(text)]:
        text = text.replace(detail, f"[{kind}]")
    return text
