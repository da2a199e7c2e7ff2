"""Whether one answer tells who somebody is, whatever its column: mail, phones, addresses, numbers of papers, names."""

import re
import unicodedata

from cxlib.masking import WORDS, mask
from cxlib.stated_names import capitals, is_place
from cxlib.wording import is_missing, unmarked

MAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
# Vietnamese mobiles and land lines with 0, 84 or +84 before them, and numbers of other countries with their +.
PHONE = re.compile(
    r"(?!\d{1,3}\.\d+\b(?![. -]))(?:(?:\+|00)?84|0)[ .-]?\(?0?\)?[235789](?:[ .-]?\d){8,9}|"
    r"\+\d{1,3}(?:[ .()-]?\d){7,12}"
)
LOCAL_PHONE = re.compile(r"(?:\+?\d{1,3}[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|[35789]\d{8}")
IP = re.compile(
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F:]+"
)
PLACE = re.compile(r"\(?-?\d{1,2}\.\d{3,}, ?-?\d{1,3}\.\d{3,}\)?")
CONTACT = re.compile(rf"{MAIL.pattern}|(?<!\d)(?:{PHONE.pattern})(?!\d)")  # inside a comment
# Identity cards have 9 or 12 digits, bank cards four groups of four; 202603151030 is a time, 350000000 an amount.
_PAPER = re.compile(r"(?!\d+000$)(?!20\d\d[01]\d)\d{9}(?:\d{3})?|\d{4}(?:[ -]?\d{4}){3}")
_PHONE_ALONE = re.compile(r"(?!\d+000$)[35789]\d{8}")  # its 0 is lost where a spreadsheet took it for a number
_PLATE = re.compile(r"\d{2}[ -]?[A-Z][A-Z\d]?[ -]?(\d{4}|\d{3}\.?\d{2})")
_ROAD = "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|square|terrace|crescent"
_ALLEY = "đường|phố|hẻm|ngõ|ngách|thôn|ấp|xóm|duong|pho|hem"
_AREA = r"\b(?:phường|quận|huyện|thành phố|tp|tphcm|hcm|hcmc|saigon)\b|\b(?:p|q|phuong|quan)\.? ?\d"
_ADDRESS = re.compile(
    r"(?:(?:số )?(?:nhà )?)?\d{1,5}[a-z]?(?:/\d{1,4}[a-z]?)*,? (?:"
    rf"(?!minutes?|hours?|days?|km)[a-z]+(?: [a-z]+){{0,2}} (?:{_ROAD})\b.{{0,60}}|"
    rf"(?:{_ALLEY}) .{{3,80}}|[^\W\d_]+ .{{0,60}}(?:{_AREA}).{{0,60}})"
)
_NOTHING = {"none", "no", "nothing", "không", "khong", "không có", "khong co", "không có gì", "khong co gi", "ko", "k"}
_BRACKETS = re.compile(r"\[(?:phone|mail|name|address|number|link)\]")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 120
_QUOTED = 60
_WRITTEN_AS_NAME = re.compile(rf"{capitals(2, 5)}")
_BESIDE = 3  # words that may stand beside a phone or a mail address: a name, "call me on"

_SURNAMES = (
    "nguyen|tran|le|pham|hoang|huynh|phan|vu|vo|dang|bui|do|ho|ngo|duong|ly|dao|doan|vuong|trinh|truong|"
    "dinh|lam|mai|to|ta|"
    "chau|luong|luu|thai|cao|kieu|quach|ha|la|tang|nghiem|dam|thach|phung|chu|ton"
)
# In small letters most surnames are words too; those with their marks, or without a second sense, are not.
_SMALL = (
    "nguyễn|trần|lê|phạm|hoàng|huỳnh|phan|vũ|võ|đặng|bùi|đỗ|ngô|dương|lý|đoàn|trịnh|trương|đinh|"
    "nguyen|tran|pham|hoang|huynh|bui|duong|doan|trinh|truong"
)
_FIRST_NAMES = (
    "james|john|robert|michael|william|david|richard|joseph|thomas|charles|daniel|matthew|anthony|mark|paul|"
    "steven|andrew|"
    "kevin|brian|george|peter|jason|eric|adam|chris|christopher|alex|alexander|sam|samuel|ben|benjamin|jack|"
    "luke|ryan|nick|"
    "mary|patricia|jennifer|linda|elizabeth|barbara|susan|jessica|sarah|karen|lisa|nancy|sandra|ashley|"
    "emily|emma|anna|"
    "laura|julia|jane|kate|katherine|maria|olivia|sophia|hannah|rachel|amy|helen|alice|grace|claire|lucy|"
    "rebecca|jordan"
)
_VIETNAMESE_NAME = re.compile(rf"(?:{_SURNAMES})(?: [a-z]+){{1,4}}")
_SMALL_NAME = re.compile(rf"(?:{_SMALL})(?: [^\W\d_]{{1,7}}){{1,3}}")
_ENGLISH_NAME = re.compile(rf"(?:(?:mr|mrs|ms|dr)\.? )?(?:{_FIRST_NAMES})(?: [a-z]\b| [a-z'’-]+){{0,3}}")
_TITLED = re.compile(r"(?i:anh|chị|chi|em|cô|chú|bác|ông|bà|thầy|mr\.?|mrs\.?|ms\.?|miss) [^\W\d_]{1,7}")


def says_nothing(cell: str) -> bool:
    """Whether an answer only says that there is none to give: none, không có, N/A, a lone dash."""
    return is_missing(cell) or " ".join(cell.casefold().split()).strip(".! ") in _NOTHING


def contact(cell: str) -> str:
    """By what an answer lets somebody be reached or traced; "" where by nothing. Lone numbers are told by identity().

    A phone or a mail address counts with a few words beside it ("Lan, 0912 345 678"), not inside a comment.
    """
    for what, pattern in _KINDS.items():
        if pattern.fullmatch(cell):
            return what
    if _ADDRESS.fullmatch(unicodedata.normalize("NFC", cell).casefold().strip()):
        return "address"
    # A comment, and a number, which identity() tells.
    if len(cell) > _LONGEST or not _WORD.search(cell):
        return ""
    masked = mask(cell)
    kinds = [what for what in ("mail", "phone", "address", "number", "link") if f"[{WORDS['en'][what]}]" in masked]
    if kinds and masked != cell and len(_WORD.findall(_BRACKETS.sub(" ", masked))) <= _BESIDE:
        return "phone" if kinds[0] == "number" else kinds[0]
    return ""


def identity(cell: str) -> str:
    """What a lone number of 9, 12 or 16 digits may be: a phone without its 0, or the number of a paper; "" else."""
    if _PHONE_ALONE.fullmatch(cell):
        return "phone"
    return "number of a paper or an account" if _PAPER.fullmatch(cell) else ""


_KINDS = {
    "mail": MAIL,
    "phone": PHONE,
    "network address": IP,
    "place on the map": PLACE,
    "number plate": _PLATE,
}


def is_name(cell: str) -> bool:
    """Whether a cell looks like the name of a person: a known first word, and each word begins with a capital.

    Also known are a title with a name (chị Bình), and Vietnamese names in small letters.
    """
    words = cell.split()
    if _TITLED.fullmatch(" ".join(words)) and words[-1][0].isupper():
        return True
    if not 1 < len(words) < 6 or not all(w[0].isalpha() for w in words):
        return False
    if cell.islower():
        return bool(_SMALL_NAME.fullmatch(" ".join(words)))
    plain = unmarked(" ".join(words)).casefold()
    capital = all(w[0].isupper() for w in words)
    return capital and bool(_VIETNAMESE_NAME.fullmatch(plain) or _ENGLISH_NAME.fullmatch(plain))


def shown(answer: str, language: str = "en") -> str:
    """An answer as it may be printed: private details masked; "" where it is one from end to end."""
    if contact(answer) or identity(answer) or (answer.islower() and is_name(answer)):
        return ""
    masked = mask(answer, language)
    return answer if masked == unicodedata.normalize("NFC", answer) else masked


def quoted(answer: str, *, alone: bool = False) -> str:
    """An answer as a message may quote it: one line of at most 60 letters, private details masked, no name.

    Where it stands `alone` in its column, all that is written as names are is taken for one.
    """
    safe = shown(answer)
    named = is_name(answer) or (alone and _WRITTEN_AS_NAME.fullmatch(answer))
    if not safe or (named and not is_place(answer)):
        return "a private answer"
    safe = " ".join(safe.split())
    return safe if len(safe) <= _QUOTED else f"{safe[:_QUOTED]}…"
