"""Names of persons where a comment states them: after a title or an introduction, or behind a family name.

Names are found by how they are written. Words that begin with a capital are a name wherever one is expected. Words in
capitals are one if they are no common word; where the title is in capitals as well, somebody may be shouting, and only
words known as names are taken. The same words are a name in small letters, and any word is one after "my name is".
"""

import re
from collections.abc import Iterator

from cxlib.name_words import COMMON, COMPOUNDS, FAMILY, FAMILY_ALONE, FAMILY_OR_WORD, GIVEN, MIDDLE, NAMES, THINGS

_LATIN = [chr(code) for code in (*range(0x41, 0x250), *range(0x1E00, 0x1F00))]
_UP, _LOW = ("".join(c for c in _LATIN if test(c)) for test in (str.isupper, str.islower))
CAPITAL = rf"(?<!\w)[{_UP}][{_LOW}]*(?:['’\-]?[{_UP}][{_LOW}]+)*(?!\w)"  # Lan, A, O'Brien, Anne-Marie
LONGEST = 5  # words of a name

_PLACES = re.compile(
    r"(?i)hồ\s+chí\s+minh|phan\s+thiết|phan\s+rang|cao\s+bằng|lâm\s+đồng|thái\s"
    r"|hà\s+(?:nội|nam|tĩnh|giang|đông)(?!\w)"
)
_NOT_NAMED = re.compile(r"(?i).{2,}(?:ed|ing|ly)|came|gave|kept|knew|left|said|sent|sold|spoke|took|told|went")

_PERSON = r"(?:anh|chị|em|cô|chú|bác|ông|bà|bạn|thầy|chi|ong|ba)"
_I = r"(?:tôi|mình|em|tui|cháu|con|toi|minh)"
_LEAD = re.compile(
    rf"(?i)(?<!\w)(?:"
    rf"(?P<named>my\s+name(?:\s+is|['’]s)\s+)"
    rf"|(?P<told>(?:tên|ten)\s+(?:của\s+)?(?:{_I}|anh|chị)\s+(?:là|la)\s+|họ\s+(?:và\s+)?tên\s*:?\s+"
    rf"|(?:{_I}|{_PERSON}|nhân\s+viên|nv|shipper)\s+(?:tên|ten)\s+(?:(?:là|la)\s+)?)"
    rf"|(?P<called>tên(?:\s+của)?(?:\s+{_I})?(?:\s+là|\s*:)?\s+)"
    rf"|(?P<being>(?:tôi|mình|em)\s+là\s+|toi\s+la\s+)"
    rf"|(?P<job>(?:nhân\s+viên|nv|shipper|bác\s+sĩ|bs\.?|y\s+tá|điều\s+dưỡng|(?:cô|thầy)\s+giáo|bảo\s+vệ"
    rf"|thu\s+ngân|tài\s+xế|lái\s+xe|quản\s+lý|bé|cháu)\s+)"
    rf"|(?P<title>(?:{_PERSON}|cậu|dì)\s+)"
    rf"|(?P<mister>(?:mrs?|ms|mx|dr|prof)\b\.?\s+)"
    rf"|(?P<met>(?-i:Miss|Sir|Madam|Lady)\s+|name\s*:\s+|named\s+|(?:spoke|talked|speaking)\s+(?:to|with)\s+"
    rf"|(?:served|helped)\s+by\s+|(?:regards,?|sincerely,?|yours,)\s+)"
    rf"|(?P<self>(?:i\s+am|i['’]m|this\s+is)\s+)"
    rf"|(?P<family>(?=(?:{'|'.join(sorted(FAMILY))})\s)))"
)
_TOKEN = re.compile(rf"[^\W\d_]+(?:['’\-](?=[{_UP}])[^\W\d_]{{2,}})*(?!\w)")
_SPACE = re.compile(r"\s+")
_END = re.compile(r"\s*(?:[.,;!?]|$)")


def is_place(words: str) -> bool:
    """Whether words that could be a name are known as one of a place: Hà Nội, Hồ Chí Minh."""
    return bool(_PLACES.match(words))


def capitals(least: int, most: int) -> str:
    """A pattern of so many words in a row that begin with a capital."""
    return rf"{CAPITAL}(?:\s+{CAPITAL}){{{least - 1},{most - 1}}}"


def without_names(text: str, word: str) -> str:
    """The text, in composed Unicode, with `word` in the place of each name; titles and introductions stay."""
    parts, done = [], 0
    for lead in _LEAD.finditer(text):
        if lead.start() < done:
            continue
        end = _end(lead)
        if end > lead.end():
            parts += [text[done : lead.end()], word]
            done = end
    return "".join([*parts, text[done:]])


def _end(lead: re.Match) -> int:
    """Where the name behind a lead ends; the end of the lead where there is none."""
    tokens = list(_tokens(lead.string, lead.end()))
    words = [token[0] for token in tokens]
    count = _RULES[lead.lastgroup](words, lead[0].strip().isupper()) if words else 0
    if count == 1 and words[0].islower() and len(words) > 1:
        count += _is_second(lead, tokens[1])
    return tokens[count - 1].end() if count else lead.end()


def _tokens(text: str, at: int) -> Iterator[re.Match]:
    """The words that follow each other with nothing but space between, as many as a name may have, and one more."""
    for _ in range(LONGEST + 1):
        token = _TOKEN.match(text, at)
        if not token:
            return
        yield token
        space = _SPACE.match(text, token.end())
        if not space:
            return
        at = space.end()


def _is_second(lead: re.Match, token: re.Match) -> bool:
    """Whether a second word in small letters is of the name too: mr john smith, chị ngọc ánh."""
    word = token[0]
    if lead.lastgroup == "named":
        return _is_unknown(word) and bool(_END.match(lead.string, token.end()))
    if lead.lastgroup == "mister":
        return word.islower() and word.isascii() and _is_unknown(word) and not _NOT_NAMED.fullmatch(word)
    return word in NAMES - FAMILY - {"anh", "như", "gia", "thu"}


def _is_titled(word: str) -> bool:
    """Whether a word begins with a capital and does not go on with them: Lan, A, O'Brien."""
    return word[0].isupper() and (len(word) == 1 or not word.isupper())


def _is_loud(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _is_unknown(word: str) -> bool:
    """Whether a word may be a name, as it is no common one."""
    return word.casefold() not in COMMON


def _is_given(words: list[str], at: int) -> bool:
    """Whether the word at a place is a given name, and not the beginning of another word."""
    return words[at].casefold() in GIVEN and tuple(word.casefold() for word in words[at : at + 2]) not in COMPOUNDS


def _is_known(words: list[str], at: int) -> bool:
    """Whether the word at a place is known as one of a name, which begins with the first word."""
    if at == 0:
        return words[0].casefold() in FAMILY or _is_given(words, 0)
    return words[at].casefold() in NAMES or words[at - 1].casefold() in MIDDLE


def _opens_a_heading(words: list[str]) -> bool:
    """Whether words with capitals are no name but a thing, or a sentence Written Like This."""
    first = words[0].casefold()
    second = words[1].casefold() if len(words) > 1 and _is_titled(words[1]) else ""
    if first in NAMES and (not second or (second in NAMES and (first, second) not in COMPOUNDS)):
        return False  # chị Thu vui, chị Thu Hà; Thu Ngân is a thing
    return first in THINGS or (first in COMMON - NAMES and len(words) > 1 and _is_titled(words[1]))


def _run(words: list[str], most: int, *, free: int) -> int:
    """How many words from the first on, `most` at the most, are a name.

    Words that begin with a capital are, and words in capitals if they are known as names, of the first `free` if they
    are no common words; words in small letters only as and behind a middle name (Nguyễn thị hoa).
    """
    for at, word in enumerate(words[:most]):
        if _is_loud(word):
            part = _is_known(words, at) or (at < free and _is_unknown(word))
        elif _is_titled(word):
            part = at > 0 or not _opens_a_heading(words)
        else:
            part = at > 0 and not MIDDLE.isdisjoint((word, words[at - 1].casefold()))
        if not part:
            return at
    return min(len(words), most)


def _named(words: list[str], loud: bool) -> int:
    """My name is John Smith, in whatever letters."""
    if words[0].islower():
        whole = _family(words, loud) if words[0] in FAMILY else 0
        return whole or int(_is_unknown(words[0]) and words[0] not in THINGS)
    return _run(words, LONGEST, free=LONGEST)


def _told(words: list[str], loud: bool) -> int:
    """Nhân viên tên Hoa, in whatever letters."""
    return _named(words, loud) if words[0].islower() else _run(words, LONGEST, free=1 if loud else LONGEST)


def _titled(words: list[str], loud: bool) -> int:
    """Anh Minh, chị HOA, em lan."""
    return int(_is_given(words, 0)) if words[0].islower() else _run(words, 4, free=0 if loud else LONGEST)


def _job(words: list[str], loud: bool) -> int:
    """Nhân viên Hoa: known names alone, as what follows may be a firm."""
    word = words[0].casefold()
    known = _is_given(words, 0) or word in FAMILY_ALONE or (_is_titled(words[0]) and word in NAMES)
    return _titled(words, loud) if known else 0


def _being(words: list[str], loud: bool) -> int:
    """Tôi là Hoa."""
    return 0 if words[0].islower() else _run(words, LONGEST, free=0 if loud else LONGEST)


def _mister(words: list[str], loud: bool) -> int:
    """Mr Smith, MR JOHN SMITH, mr smith."""
    if words[0].islower():
        return int(len(words[0]) > 2 and words[0].isascii() and _is_unknown(words[0]))
    return _run(words, 3, free=3)


def _met(words: list[str], loud: bool) -> int:
    """I spoke to Anna."""
    return 0 if loud or words[0].islower() else _run(words, 3, free=3)


def _self(words: list[str], loud: bool) -> int:
    """I am Jane Doe: of two words or more, as one may be anything."""
    shouted = any(_is_loud(word) and _NOT_NAMED.fullmatch(word) for word in words)
    count = 0 if loud or shouted or words[0].islower() else _run(words, 3, free=3)
    return count if count > 1 else 0


def _family(words: list[str], loud: bool) -> int:
    """Nguyễn Văn A, LÊ THỊ HOA, nguyễn thị hoa; places are none."""
    if len(words) < 2 or _PLACES.match(" ".join(words)):
        return 0
    middle = words[1].casefold() in MIDDLE and len(words) > 2 and _is_unknown(words[2])
    if middle and tuple(word.casefold() for word in words[1:3]) not in COMPOUNDS:
        return 3 + _more(words, 3)
    if _is_titled(words[0]):
        following = [_is_titled(word) for word in words[1:LONGEST]]
        count = [*following, False].index(False)
        return 1 + count if count else 0
    family, given = words[0].casefold(), _more(words, 1)
    if family in FAMILY_ALONE and not given and _is_loud(words[1]) and _is_unknown(words[1]):
        return 2 + _more(words, 2)
    return 1 + given if given > (family in FAMILY_OR_WORD) else 0


def _more(words: list[str], start: int) -> int:
    """How many words from a place on go on with a name, written as the word before: known ones, or with a capital."""
    for at in range(start, min(len(words), LONGEST)):
        word = words[at]
        known = _is_given(words, at) or (at > start and word.casefold() in NAMES - {"anh", "thu"})
        if word.islower() != words[at - 1].islower() or not (known or _is_titled(word)):
            return at - start
    return max(min(len(words), LONGEST) - start, 0)


_RULES = {
    "named": _named,
    "told": _told,
    "called": _titled,
    "being": _being,
    "title": _titled,
    "job": _job,
    "mister": _mister,
    "met": _met,
    "self": _self,
    "family": _family,
}
