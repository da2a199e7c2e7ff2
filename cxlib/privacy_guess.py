"""Which columns tell who somebody is: names, mail, phones, addresses, places on the map, numbers of papers.

Known by the header, in English and Vietnamese, and by what stands in the cells, whatever the header says. A column too
many does no harm (it can be taken from the list), one too few does.
"""

import re
from collections import Counter
from dataclasses import dataclass

from cxlib.column_facts import Facts
from cxlib.private_cells import LOCAL_PHONE, MAIL, PHONE, contact, identity, is_name, says_nothing, shown
from cxlib.wording import ATTRIBUTES, QUANTITY, key_of, says, spoken, unmarked

_WHO = r"(respondent|recipient|customer|client|contact|user|your|account|buyer|passenger|guest)"
HEADERS = {
    "name": (
        rf"({_WHO} )?(full|first|last|sur|family|given|middle|nick)? ?names?|({_WHO} )?(surname|forename)|"
        r"what is your (full |first |last )?name|name (of (the )?(respondent|customer|contact)|first|last|"
        r"\(?full\)?)|"
        r"(ho va ten|ho ten)( \w+){0,4}|ten( (day du|khach hang|nguoi \w+( \w+)?|cua (ban|anh chi|quy khach|"
        r"anh|chi)))?|ten kh|"
        r"(quy danh|vui long cho biet (ho va |ho )?ten)( \w+){0,4}"
    ),
    "mail": r".{0,60}\b(e ?mail|mail address|thu dien tu|hop thu)\b.{0,40}",
    "phone": (
        r"(.{0,50}\b)?((tele|mobile |cell ?)phone|phone (no|num|number)|mobile (no|num|number)|"
        r"so (dien thoai|dt|di dong|zalo)|sdt|dien thoai lien he)"
        rf"\b.{{0,40}}|({_WHO} )?(phones?|mobile|cell|tel|hotline|zalo|dien thoai|di dong|whats ?app|viber)( \d)?"
    ),
    "network address": r"(.{0,20}\b)?ip( ?address(es)?| adresse)?|dia chi ip|mac address|device id|cookie( id)?",
    "place on the map": (
        r"(lat|lon|lng|long)( \d)?|(.{0,20}\b)?(latitude|longitude|lat (long|lng|lon)|gps|geo ?location|coordinates?|"
        r"vi do|kinh do|toa do)( \d)?( \w+)?"
    ),
    "address": (
        r"((home|street|postal|mail(ing)?|delivery|shipping|billing|your|customer|contact) )?(address|"
        r"street|adresse)( (line )?\d)?|"
        r"(so nha|dia chi|duong pho)( .{0,40})?|what is your address"
    ),
    "postcode": r"(.{0,12}\b)?(zip|post(al)? ?code|zip ?code|ma buu (dien|chinh))",
    "number of a paper or an account": (
        r"(.{0,12}\b)?(passport|national id|identity card|id card|ssn|social security|driver s licen[cs]e|"
        r"tax (id|code)|iban|"
        r"bank account|credit card|cccd|cmnd|cmt|can cuoc|ho chieu|ma so thue|so tai khoan|"
        r"bien so( xe)?)( .{0,20})?"
    ),
    "day of birth": r"(.{0,12}\b)?(date of birth|birth ?(date|day)|dob|ngay( thang)?( nam)? sinh|sinh nhat)",
}
HEADERS = {what: re.compile(pattern) for what, pattern in HEADERS.items()}

_NAMES_AT_LEAST = 5  # different names; fewer may be brands or places


@dataclass(frozen=True)
class Privacy:
    """Why a column is taken to be private, and how sure that is."""

    what: str
    reason: str
    confidence: str


def privacy(column: Facts) -> Privacy | None:
    """What of a person the column tells; None where nothing of the kind is found."""
    for text in column.texts:
        header = unmarked(spoken(text))
        for what, pattern in HEADERS.items():
            if len(header) <= 120 and pattern.fullmatch(header) and _may_hold(what, column):
                sure = "medium" if what == "postcode" or not column.n else "high"
                return Privacy(what, f"{what}, by the header", sure)
    return _by_content(column)


def _may_hold(what: str, column: Facts) -> bool:
    """Whether the cells can be what the header says: a handful of values is a group, a number no name."""
    if not column.n:
        return True
    if what == "postcode":
        return column.distinct > 20
    if what in ("name", "address"):
        return not column.numeric and (column.distinct > 12 or column.distinct > column.n / 2)
    if what == "phone":
        # An option of "which channels do you use?" holds one text or 0 and 1.
        return column.distinct > 2 or column.count(PHONE) + column.count(LOCAL_PHONE) > 0
    if what == "day of birth":
        return not column.numeric
    if what == "mail":
        return column.distinct > 2 or column.count(MAIL) > 0
    return True


def _by_content(column: Facts) -> Privacy | None:
    """What the cells tell, whatever the header: half of what they hold are contacts of any kind, or most are names.

    Answers that say only that there is none ("không", none) are left aside: the few mails among them are mails.
    """
    told = {c: int(n) for c, n in column.counts.items() if not says_nothing(c)}
    total = sum(told.values())
    if not total:
        return None
    kinds = {c: kind for c in told if (kind := contact(c) or (identity(c) if _of_people(column) else ""))}
    # A handful of addresses are shops; a handful of phones and mails are still those of people.
    if len({c for c, kind in kinds.items() if kind == "address"}) <= min(12, len(told) / 2):
        kinds = {c: kind for c, kind in kinds.items() if kind != "address"}
    found = Counter()
    for c, kind in kinds.items():
        found[kind] += told[c]
    if found.total() >= 0.5 * total:
        what = " or ".join(_PLURALS[kind] for kind, _ in found.most_common())
        sure = "medium" if column.numeric and all(map(identity, kinds)) else "high"
        return Privacy(found.most_common(1)[0][0], f"{found.total():,} of {total:,} answers are {what}", sure)
    if column.numeric or len(told) < _NAMES_AT_LEAST or column.length > 40:
        return None
    people = {c: n for c, n in told.items() if is_name(c)}
    if len(told) < total / 2:
        # Names that repeat are those of staff, or of places, many of which are called after people.
        places = says(ATTRIBUTES["geographic"], *column.texts)
        people = {} if places else {c: n for c, n in people.items() if shown(c) != c}
    if max(sum(people.values()) / total, len(people) / len(told)) >= 0.6:
        return Privacy("name", f"{sum(people.values()):,} of {total:,} answers look like names of people", "medium")
    return None


def _of_people(column: Facts) -> bool:
    """Whether long numbers may be phones or papers: not where the header names a key or an amount."""
    return not key_of(column.name, column.variable.text) and not says(QUANTITY, *column.texts)


_PLURALS = {
    "mail": "mail addresses",
    "phone": "phone numbers",
    "network address": "network addresses",
    "place on the map": "places on the map",
    "address": "addresses",
    "link": "links",
    "number plate": "number plates",
    "number of a paper or an account": "numbers of papers or accounts",
}
