"""Masking: private details in a comment give way to a word in brackets before anybody reads it.

Found are e-mail addresses, links, handles, street addresses, phone numbers, long numbers (identity, card, account),
shorter ones where a word says what they are (passport, tax code, account), number plates, days of birth, and names
where they are stated as such: after a title or an introduction, or as a Vietnamese family name with what follows
(stated_names.py). A masked word too many is harmless, a missed one is not: doubtful cases are masked. Not found are a
name that stands alone, a rare one in small letters or in a comment all in capitals, a number in words, and a story that
only one customer can tell; read the examples before you pass them on.
"""

import re
import unicodedata

from cxlib.errors import CxError
from cxlib.stated_names import CAPITAL, capitals, without_names

WORDS = {
    "en": {"phone": "phone", "mail": "mail", "name": "name", "address": "address", "number": "number", "link": "link"},
    "vi": {"phone": "điện thoại", "mail": "thư điện tử", "name": "tên", "address": "địa chỉ", "number": "số",
           "link": "liên kết"},
}  # fmt: skip

# Every repetition has an end, so that no text, however odd, takes long.
_AT, _DOT = r"(?:@|\(at\)|\[at\]|\{at\})", r"(?:\.|\(dot\)|\[dot\]|\{dot\})"
_HOST = r"(?:gmail|yahoo|hotmail|outlook|icloud)"
_MAIL = re.compile(
    rf"(?i)(?<![\w.+\-])[\w.+\-]{{1,64}}(?:"
    rf"\s?{_AT}\s?[\w\-]{{1,63}}(?:{_DOT}[\w\-]{{1,63}}){{1,6}}"
    rf"|\s?{_AT}\s?[\w\-]{{1,63}}(?:\s?{_DOT}\s?[\w\-]{{1,63}}){{0,2}}\s?{_DOT}\s?(?:com|vn|net|org|edu|gov)(?!\w)"
    rf"|\s?{_AT}\s?{_HOST}(?!\w)"
    rf"|\s(?:at|a\s+còng|a\s+móc)\s{_HOST}\s?(?:{_DOT}|\s(?:dot|chấm)\s)\s?(?:com|vn)(?!\w)"
    rf"|\s?{_AT}\s?[\w\-]{{1,63}}\s(?:dot|chấm)\s(?:com|vn|net|org|edu|gov)(?!\w)"
    rf"|(?<=[a-z]{{3}})@[a-z]{{3,63}}(?!\w))"  # the end was forgotten
)
_LINK = re.compile(
    r"(?i)\bhttps?://\S+|\bwww\.\S+"
    r"|(?<![\w@])(?:[a-z0-9\-]{1,63}\.){1,6}(?:com|vn|net|org|info|io|me|edu|gov|co|uk|eu|de)(?:/\S*)?(?!\w)"
)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]{2,}")

# An address: house number, street, and the ward, district and city behind it.
_HOUSE = r"\d{1,5}[A-Za-z]?(?:[/\-]\d{1,4}[A-Za-z]?){0,4}(?!\w)"
_NUMBER_WORD = r"(?i:(?<!\w)(?:nhà\s+số|số\s+nhà|số|nha\s+so|so\s+nha|so)\s*)"
_ROAD = r"(?i:đường|phố|hẻm|ngõ|ngách|kiệt|thôn|ấp|xóm|duong|pho|hem|ngo|ngach)"
_AREA = r"(?i:phường|quận|huyện|xã|thị\s+xã|thành\s+phố|tỉnh|phuong|quan|huyen|tp\.?|p\.?|q\.?)"
_TAIL = rf"(?:[\s,\-]*(?<!\w){_AREA}\s*(?:\d{{1,2}}(?!\w)|{capitals(1, 4)}))"
_PLAIN_STREET = r"(?!minutes?|mins?|hours?|days?|weeks?|times|people|stars?|shops?|stores?|km|miles?|met\w+|of|the|to)"
_ADDRESS = re.compile(
    r"(?<!\w)(?=[\dnNsSpP])(?:"
    rf"{_NUMBER_WORD}?{_HOUSE}[\s,]*{_ROAD}\s+(?:{_HOUSE}[\s,]*)?{capitals(1, 5)}{_TAIL}{{0,6}}"
    rf"|{_NUMBER_WORD}{_HOUSE}[\s,]*{_ROAD}\s+\w+\s+\w+{_TAIL}{{0,6}}"
    rf"|{_NUMBER_WORD}{_HOUSE}[\s,]*(?!Việt\s+Nam){capitals(2, 5)}{_TAIL}{{0,6}}"
    rf"|(?<![\w./])\d{{1,5}}[A-Za-z]?(?:/\d{{1,4}}[A-Za-z]?){{1,4}}[\s,]*{capitals(2, 5)}{_TAIL}{{0,6}}"
    rf"|(?<![\w./]){_HOUSE}[\s,]*{capitals(1, 5)}{_TAIL}{{1,6}}"
    rf"|(?<![\w.]){_HOUSE}\s+(?:{CAPITAL}\s+){{1,4}}(?:St|Rd|Ave|Ln|Blvd|Dr|Ct|Pl|Sq|Street|Road|Avenue|Lane|Drive"
    r"|Court|Place|Square|Way|Terrace|Close|Crescent|Highway)(?!\w)\.?"
    rf"|(?i:(?<![\w.]){_HOUSE}\s+(?:{_PLAIN_STREET}[a-z]+\s+){{1,2}}(?:street|road|avenue|boulevard)(?!\w))"
    r"|(?i:p\.?\s?o\.?\s?box\s+\d+))"
)

_DATE = r"\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)\d\d|\d\d)(?!\d)(?![-.]\d)"
_BETWEEN = r"[\s.\-‐-―()_]"  # what may stand between the digits of a phone number
_PHONE = re.compile(
    rf"(?<![\w+])\+\s?\(?\d(?:(?:{_BETWEEN}|/){{0,3}}\d){{6,14}}(?!\d)"
    rf"|(?<![\w+])00\s?\(?\d(?:(?:{_BETWEEN}|/){{0,2}}\d){{6,14}}(?!\d)"
    rf"|(?<![\d.,/\-])(?!{_DATE})(?!0[.,]\d)\(?0(?:{_BETWEEN}{{0,2}}\d){{8,10}}(?!\d)(?![\s.\-]\d{{3}})"
    r"|(?<![\d.,/\-])0\d{2,3}(?:\s?[/\-‐-―]\s?\d{2,4}){2,3}(?![\d/])"
    rf"|(?<![\d.,/\-])84(?:{_BETWEEN}{{0,2}}\d){{9,10}}(?!\d)"
    r"|(?<![\d.,/\-])\(?[2-9]\d\d\)?[\s.\-‐-―_]{1,2}\d{3}[\s.\-‐-―_]\d{4}(?!\d)"
)
# Digits in which somebody wrote an O for a 0, or an l for a 1.
_LOOKALIKE = re.compile(r"(?<!\w)[0Oo](?=(?:[ .\-]?[\dOolI]){8,10}(?![\w]))(?:[ .\-]?[\dOolI]){8,10}")
_CARD = re.compile(r"(?<!\d)\d(?:[ \-]?\d){12,18}(?!\d)")
_PAPER = re.compile(
    r"(?i)(?<!\w)((?:cccd|cmnd|cmtnd|cmt|căn\s+cước(?:\s+công\s+dân)?|chứng\s+minh(?:\s+(?:nhân\s+dân|thư))?|hộ\s+chiếu"
    r"|passport|visa|id\s+card|stk|số\s+tài\s+khoản|tài\s+khoản|tk|account|iban|mst|mã\s+số\s+thuế|tax\s+(?:code|id)"
    r"|gplx|giấy\s+phép\s+lái\s+xe|bhyt|bhxh|biển\s+số|bks)(?:\s+xe)?(?:\s*(?:no|number|num|số|so|là|la|is|của\s+(?:tôi|em|mình)))?"
    r"[\s.:#]{0,4})(?=[a-z]{0,4}[ \-]?\d)[a-z]{0,4}[ \-]?\d(?:[ .\-]{0,2}[a-z]?\d){5,20}(?!\w)"
    r"|(?<!\w)(?-i:[A-Z]\d{7})(?!\w)"  # a passport
)
_PLATE = re.compile(
    r"(?<![\w./\-])(?:\d{2}[ \-]?[A-Z]\d?|\d{2}-[A-Z]{2})(?:[ \-]?(?:\d{3}\.\d{2}|\d{5})|-\d{4})(?![\w]|\.\d)"
)
_BORN = re.compile(
    r"(?i)(?<!\w)((?:ngày\s+sinh|sinh\s+ngày|date\s+of\s+birth|dob|born(?:\s+on)?)\s?:?\s?)"
    r"(?:\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{4}-\d{1,2}-\d{1,2})"
)
_NETWORK = re.compile(
    r"(?i)(?<!\w)((?:fb|facebook|ig|insta|instagram|zalo|telegram|tiktok|skype|viber)\s?(?::|là\s|is\s)\s?)"
    r"(?=[a-z])[\w.\-]{3,64}(?:\s[^\W\d_]{1,20})?"
)
_HIDDEN = re.compile(r"[\u00ad\u200b\u2060\ufeff]|(?<=\w)[\u200c\u200d](?=\w)")  # letters that nobody sees
_MARK = re.compile(r"[@.(\[{]|(?i:\s(?:at|a\s+còng|a\s+móc)\s)")  # without which there is no address to write to
_DIGIT = re.compile(r"\d")
_LONG = re.compile(r"(?<!\d)\d(?:[ .\-\u00a0‐-―_]?\d){8,}(?!\d)")
_MONEY_AFTER = re.compile(r"(?i)\s*(?:(?:đ|₫|d|vnd|vnđ|đồng|dong|usd|eur|k|tr|triệu|tỷ|tỉ)(?!\w)|[$€£%])")
_ORDINARY = re.compile(rf"[1-9]\d{{0,2}}(?:\.\d{{3}}){{0,2}}|(?:19|20)\d\d|{_DATE}|\d{{1,2}}")


def mask(comment: str, language: str = "en") -> str:
    """The comment with private details replaced by [phone], [mail], [name], [address], [number] or [link].

    `language` (en or vi) is that of these words. Prices, years, dates, times and ratings stay. The text is returned in
    composed Unicode (NFC), without letters that nobody sees. Raises CxError for another language.
    """
    if language not in WORDS:
        raise CxError(f"language is one of {', '.join(WORDS)}; found {language}")
    return _replaced(comment, {kind: f"[{word}]" for kind, word in WORDS[language].items()})


def blank(comment: str) -> str:
    """The comment with a bar where a private detail stood, so that none becomes a word to be counted."""
    return _replaced(comment, dict.fromkeys(WORDS["en"], " | "))


def _replaced(comment: str, words: dict[str, str]) -> str:
    """The comment with every detail replaced by its kind's word."""
    text = _HIDDEN.sub("", unicodedata.normalize("NFC", comment)).replace("＠", "@")
    if _MARK.search(text):
        text = _MAIL.sub(words["mail"], text)
        text = _LINK.sub(words["link"], text)
        text = _HANDLE.sub(words["name"], text)
    text = _NETWORK.sub(lambda found: found[1] + words["name"], text)
    if _DIGIT.search(text):
        text = _CARD.sub(lambda found: words["number"] if is_card(found[0]) else found[0], text)
        text = _BORN.sub(lambda found: found[1] + words["number"], text)
        text = _PAPER.sub(lambda found: found[0] if _is_money(found) else (found[1] or "") + words["number"], text)
        text = _PLATE.sub(words["number"], text)
        text = _LOOKALIKE.sub(lambda found: words["phone"] if _is_mistyped(found[0]) else found[0], text)
        text = _ADDRESS.sub(words["address"], text)
        text = _PHONE.sub(words["phone"], text)
        text = _LONG.sub(lambda found: found[0] if _is_ordinary(found) else words["number"], text)
    return without_names(text, words["name"])


def _is_money(found: re.Match) -> bool:
    """Whether what was found ends in an amount of money: its thousands are parted, or its unit follows."""
    parted = re.search(r"(?:^|\s)\d{1,3}(?:[.,]\d{3})+$", found[0])
    return bool(parted or _MONEY_AFTER.match(found.string[found.end() : found.end() + 12]))


def is_card(number: str) -> bool:
    """Whether a number is that of a bank card: 13 to 19 digits, the last of which checks the others (Luhn)."""
    digits = [int(digit) for digit in re.findall(r"\d", number)]
    doubled = [digit * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    years = re.fullmatch(r"(?:(?:19|20)\d\d[ \-]?)+", number)
    known = 13 <= len(digits) <= 19 and digits[0] in (2, 3, 4, 5, 6, 9)
    return known and not years and sum(sum(divmod(digit, 10)) for digit in doubled) % 10 == 0


def _is_mistyped(number: str) -> bool:
    """Whether letters stand among the digits of a phone number, seven of them at least."""
    return sum(sign.isdigit() for sign in number) >= 7 and any(sign in "OolI" for sign in number)


def _is_ordinary(found: re.Match) -> bool:
    """Whether a long run of digits is an amount of money, or a row of years, dates, small numbers and amounts."""
    after = found.string[found.end() : found.end() + 12]
    if found[0][0] != "0" and " " not in found[0] and _MONEY_AFTER.match(after):
        return True
    if found.string[: found.start()].rstrip()[-1:] in ("$", "€", "£", "₫"):
        return True
    if _ORDINARY.fullmatch(found[0]):
        return False  # one number of nine digits and more
    return all(_ORDINARY.fullmatch(part) for part in re.split(r"[\s\-‐-―_]+", found[0]))
