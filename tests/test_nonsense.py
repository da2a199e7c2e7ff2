"""Gibberish and copied comments.

Oracles: what a reader calls mashing and what not, lists of real words in many languages (Babel's names of languages
and places), and copies planted by hand.
"""

import re

import numpy as np
import pandas as pd
import pytest
from babel import localedata

from cxlib import nonsense
from cxlib.codebook import Table

WHY = Table.model_validate({"file": "s.csv", "questions": {"why": {"role": "comment"}}})

MASHED = (
    "asdf|asdfgh|qwerty|zxcvbnm|asdasdasd|fdsafdsa|sdfsdfsdf|aaaaaa|xxxx|jkl jkl jkl|dfjkghdf|lkjhgfdsa|fkjdshfa"
    "|asdkfjhaskdf|ghjghj|hjkhkjh|ASDF asdf|qweqwe|sdkfjhsdkfjh|bvnmbvnm|đđđđđđ|dfgdfg dfgdfg|kjhkjh|wqeqwe sdfsdf"
)
MEANT = (
    "ok|OK|tốt|n/a|không|ko|ko có|dc|sp tốt|cskh|nv nhiệt tình|k|bt|bình thường|khong hai long|tphcm|TP.HCM|VNPT|ctkm"
    "|nvbh tốt, sp ok|hahaha|hihi|kkkk|hmmm|...|-|10/10|123456|good|Great!|rhythms|power|property|wert|ytre|strengths"
    "|Knightsbridge|catchphrase|pls fix asap thx|XXL|brb|zmrzl|szczęście|chrząszcz|Angstschweiß|Rechtsschutz|tijdelijk"
    "|很好|ดีมาก|хорошо|とても良い|좋아요|ممتاز|a@b.com|www.asdf.com|the keys qwerty on the app do not work|dịch vụ tệ"
)


@pytest.mark.parametrize("text", MASHED.split("|"))
def test_mashing(text):
    """Whoever reads it sees fingers on a keyboard."""
    assert nonsense.is_gibberish(text)


@pytest.mark.parametrize("text", MEANT.split("|"))
def test_what_is_meant(text):
    """Short, abbreviated, without accents, in another language or script: said, not mashed."""
    assert not nonsense.is_gibberish(text)


def test_words_of_many_languages(monkeypatch):
    """Of Babel's 90,000 words for languages, places and currencies in all its languages fewer than 1 in 3,000 fail.

    In the languages that comments are most likely to be written in, none does.
    """

    def words(data) -> set:
        if isinstance(data, str):
            return set(re.findall(r"[^\W\d_]+", data))
        parts = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
        return set().union(*map(words, parts))

    kinds, found = ("languages", "territories", "currency_names"), {}
    # Babel would keep these files, read without what they inherit, for whoever asks for a locale afterwards.
    monkeypatch.setattr(localedata, "_cache", {})
    for name in localedata.locale_identifiers():
        data = localedata.load(name, merge_inherited=False)
        found[name] = set().union(*(words(data[kind]) for kind in kinds if kind in data))
    every = set().union(*found.values())
    assert len(every) > 90_000
    assert sum(map(nonsense.is_gibberish, every)) < len(every) / 3_000
    likely = set().union(*(found[name] for name in ("en", "vi", "fr", "es", "pt", "id", "ms", "nl", "it", "fil")))
    assert [word for word in likely if nonsense.is_gibberish(word)] == []


def test_gibberish_of_a_survey():
    """Respondents with a mashed comment are flagged; blanks are not."""
    frame = pd.DataFrame({"why": ["asdfasdf", None, "tốt", "qwerty qwerty", "", np.nan]})
    result = nonsense.gibberish(frame, WHY)
    assert result.who.tolist() == [True, False, False, True, False, False]
    assert result.why.startswith("2 of 6 respondents: at least 80% of the letters of a comment")


LONG = "Giao hàng trễ hai lần liên tiếp rồi"


def comments(*texts, **keys) -> pd.DataFrame:
    """These comments, and 50 different ones behind them."""
    others = [f"Comment number {i} is unlike all the other ones" for i in range(50)]
    rows = len(texts) + 50
    return pd.DataFrame({"respondent": [str(i) for i in range(rows)], "why": [*texts, *others]}).assign(**keys)


def test_copies_are_found_behind_case_blanks_and_punctuation():
    """The first writer is not flagged, the others are."""
    frame = comments(LONG, f"  {LONG.upper()}!!", "Giao hàng trễ hai lần, liên tiếp rồi.", "Giao hàng trễ hai lần")
    who = nonsense.copied(frame, WHY).who
    assert who.to_numpy().nonzero()[0].tolist() == [1, 2]


def test_composed_and_decomposed_accents_are_one_text():
    """ế as one letter and as e with two accents: keyboards differ."""
    import unicodedata

    frame = comments(unicodedata.normalize("NFC", LONG), unicodedata.normalize("NFD", LONG))
    assert nonsense.copied(frame, WHY).who.sum() == 1


@pytest.mark.parametrize(
    "text",
    [
        "Không có ý kiến gì thêm cả bạn nhé",
        "Tôi không có góp ý gì cho cửa hàng",
        "I have no further comments",
        "I don't have any suggestions for now",
        "Nothing to add, thank you very much",
        "ok thanks",
    ],
)
def test_ways_to_say_nothing_are_no_copies(text):
    """Many say so in the same words."""
    assert not nonsense.copied(comments(text, text, text), WHY).who.any()


def test_a_complaint_that_begins_with_no_is_a_comment():
    """Không ai nghe máy says something."""
    text = "Không ai nghe máy khi gọi tổng đài"
    assert nonsense.copied(comments(text, text), WHY).who.sum() == 1


def test_a_respondent_may_repeat_himself():
    """The same respondent in two waves copies nobody; another one does."""
    frame = comments(LONG, LONG, LONG)
    frame.loc[1, "respondent"] = "0"
    assert nonsense.copied(frame, WHY).who.to_numpy().nonzero()[0].tolist() == [2]


def test_comments_from_a_list_are_not_checked():
    """Where most comments stand more than once they were picked, not written."""
    frame = pd.DataFrame({"why": [f"{LONG} {i % 5}" for i in range(40)]})
    result = nonsense.copied(frame, WHY)
    assert result.who is None
    assert result.why == "not checked: 100% of the comments of why stand more than once and come from a list"


def test_no_comments():
    """Without a comment question neither check is made."""
    frame, spec = pd.DataFrame({"q": [1.0]}), Table.model_validate({"file": "s.csv", "questions": {}})
    for check in (nonsense.gibberish, nonsense.copied):
        assert check(frame, spec).who is None
        assert check(frame, spec).why == "not checked: the survey has no open comments (`role: comment`)"
    empty = pd.DataFrame({"why": pd.Series([], dtype=object)})
    assert nonsense.gibberish(empty, WHY).who.empty
    assert nonsense.copied(empty, WHY).who.empty
