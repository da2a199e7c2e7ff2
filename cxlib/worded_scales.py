"""Answers that are words on a scale, English and Vietnamese: how strong each is, and their order."""

import re

from cxlib.wording import is_missing, pattern_of, spoken

# Answers in words: what they are about, which side they take, and how strongly.
_NEGATIVE = pattern_of(
    r"not\b|dis\w+|un(likely|satisf\w*|favou?r\w*|important|helpful)|difficult|hard\b|poor|bad\b|worse|"
    r"terrible|awful|never|"
    r"rarely|seldom|inconvenient|slow\b|low\b",
    "không|kém|tệ|hiếm khi|không bao giờ|chậm",
    r"khó\b|xấu\b",
)
_POSITIVE = pattern_of(
    r"satisf\w*|agree\w*|likely|favou?r\w*|important|helpful|eas(y|ily)\b|good\b|better\b|excellent|great\b|"
    r"outstanding|"
    r"often|always|frequently|usually|convenient|interested|familiar|masculine|high\b",
    "hài lòng|đồng ý|dễ dàng|tốt|xuất sắc|tuyệt vời|thường xuyên|luôn luôn|quan trọng|sẵn lòng",
    r"dễ\b|khá\b",
)
_MIDDLE = pattern_of(
    r"neither|neutral\w*|average|fair\b|ok(ay)?\b|acceptable|about the same|sometimes|moderate\w*|medium",
    "bình thường|trung lập|trung bình|thỉnh thoảng|đôi khi|phân vân",
)
_STRONG = pattern_of(
    r"very|extremely|strongly|completely|totally|highly|much|excellent|outstanding|always|never|at all|"
    r"terrible|awful",
    "rất|hoàn toàn|cực kỳ|luôn luôn|không bao giờ|vô cùng|xuất sắc|tuyệt vời",
)
_WEAK = pattern_of(r"somewhat|slightly|fairly|rather|a (little|bit)|partly|too\b|so\b", "hơi|tương đối|phần nào|khá")


def strength(answer: str) -> float | None:
    """Where an answer in words lies between the worst (-2) and the best (2); None where it is no such word."""
    text = spoken(answer)
    low, high = _NEGATIVE.search(text), _POSITIVE.search(text)
    if _MIDDLE.search(text):
        return 0.0
    if not low and not high:
        return None
    if re.search(r"\bnot (very|too|so)\b", text):
        return -1.0
    return -emphasis(answer) if low else emphasis(answer)


def emphasis(answer: str) -> float:
    """How strongly an answer is put, whatever it says: 2 (very), 1, or a half (somewhat)."""
    text = spoken(answer)
    return 2.0 if _STRONG.search(text) else 0.5 if _WEAK.search(text) else 1.0


def in_order(answers) -> tuple[list[str], list[str]] | None:
    """Answers that are words on a scale from the lowest to the highest, and those that are not on it.

    None unless three or more lie on it at places of their own, and at most one does not ("Unfamiliar").
    """
    placed = {answer: strength(answer) for answer in answers if not is_missing(answer)}
    on = [answer for answer, place in placed.items() if place is not None]
    beside = [answer for answer in answers if answer not in on]
    strange = [answer for answer in beside if not is_missing(answer)]
    places = {placed[answer] for answer in on}
    if len(on) < 3 or len(places) < len(on) or len(strange) > 1 or max(places) <= 0:
        return None
    return sorted(on, key=placed.get), beside
