"""Words, phrases and terms of comments.

Oracles: comments made by formula, whose words and counts are known; Dunning's formula by hand; scipy (Wilson).
"""

import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "data/demo"))

import words as demo_words  # noqa: E402

from cxlib import CxError  # noqa: E402
from cxlib.phrases import mentions, terms  # noqa: E402
from cxlib.quotes import quotes, shortened  # noqa: E402
from cxlib.tokens import languages, plain, with_marks, words  # noqa: E402


def held(comments, **how) -> dict:
    """The terms of each comment by its place."""
    found = mentions(pd.Series(comments), **how)
    return {i: set(part["term"]) for i, part in found.groupby("comment")}


def read(comment: str) -> list[str]:
    found = words(pd.Series([comment]))
    return [found.names[code] for code in found.code]


# -- words ---------------------------------------------------------------------------------------------------------


def test_words_are_letters_in_small_composed_unicode():
    typed = unicodedata.normalize("NFD", "Giao HÀNG trễ 3 ngày!!! 😡👎 don’t e-mail 5*")
    assert read(typed) == ["giao", "hàng", "trễ", "ngày", "don't", "e", "mail"]


def test_the_tone_of_an_open_syllable_has_one_place():
    assert read("hoà thuý quý toán khoẻ") == ["hòa", "thúy", "quý", "toán", "khỏe"]


def test_private_details_are_no_words():
    assert read("gọi 0901234567 hay lan@example.com cho anh Minh") == ["gọi", "hay", "cho", "anh"]


@pytest.mark.parametrize(
    ("comment", "language"),
    [
        ("Giao hàng chậm quá", "vi"),
        ("giao hang cham qua", "vi"),
        ("nhan vien nhiet tinh", "vi"),
        ("Shipper giao hàng trễ", "vi"),
        ("app lỗi", "vi"),
        ("Late delivery again", "en"),
        ("good", "en"),
        ("too long to get an answer in the shop", "en"),
        ("The café on the corner", "en"),
        ("Größe und Qualität", "en"),
    ],
)
def test_language(comment, language):
    assert languages(pd.Series([comment])).tolist() == [language]


def test_the_demos_sentences_are_of_the_language_they_were_written_in():
    """data/demo/words.py says which is which; typed without marks, the Vietnamese ones still are."""
    for group in demo_words.COMMENTS.values():
        for language, sentences in group.items():
            pairs = list(zip(demo_words.GOODS[language], demo_words.POINTS[language], strict=False))
            filled = [s.format(goods=g, Goods=g.capitalize(), point=p) for s in sentences for g, p in pairs]
            assert set(languages(pd.Series(filled))) == {language}
            assert set(languages(pd.Series([plain(text) for text in filled]))) == {language}


def test_plain_takes_all_marks_away():
    """unicodedata's own decomposition, for every Vietnamese letter."""
    vowels = "aăâeêioôơuưy"
    for letter in [unicodedata.normalize("NFC", v + t) for v in vowels for t in "\u0300\u0301\u0303\u0309\u0323"]:
        assert plain(letter) == unicodedata.normalize("NFD", letter)[0]
    assert plain("đường phố") == "duong pho"


def test_missing_marks_are_taken_from_the_other_comments():
    texts = ["giao hàng chậm"] * 8 + ["giao hang cham"] * 3
    marked = with_marks(words(pd.Series(texts)))
    assert {marked.names[code] for code in marked.code} == {"giao", "hàng", "chậm"}


def test_a_form_in_doubt_stays_as_it_was_typed():
    """ban may be bán or bạn: half and half leaves a doubt, and so does what nobody else wrote."""
    texts = ["bán nhanh"] * 5 + ["bạn vui"] * 5 + ["ban lam", "lam ban"]
    marked = with_marks(words(pd.Series(texts)))
    typed = {marked.names[code] for code in marked.code}
    assert {"ban", "lam", "bán", "bạn"} <= typed


def test_neighbours_settle_what_a_syllable_alone_does_not():
    texts = ["bán hàng nhanh"] * 5 + ["bạn học vui"] * 5 + ["ban hoc", "ban hang"]
    marked = with_marks(words(pd.Series(texts)))
    last = [marked.names[code] for code in marked.code[-4:]]
    assert last == ["bạn", "học", "bán", "hàng"]


# -- phrases -------------------------------------------------------------------------------------------------------


def vietnamese(n: int = 30) -> list[str]:
    """Comments whose compounds are known; their syllables stand with nobody else."""
    return (
        ["giao hàng chậm"] * n
        + ["giao hàng nhanh"] * n
        + ["nhân viên nhanh nhẹn"] * n
        + ["nhân viên chậm"] * n
        + ["giá cao"] * n
        + ["giá rẻ"] * n
    )


def test_syllables_that_stand_together_are_a_word():
    found = {term for terms_of in held(vietnamese()).values() for term in terms_of}
    assert {"giao hàng", "nhân viên", "nhanh nhẹn"} <= found
    assert not {"hàng", "viên", "nhân", "giao", "nhẹn"} & found


def test_phrases_end_with_the_clause_and_with_words_of_grammar():
    texts = ["trễ, hẹn"] * 20 + ["trễ và hẹn"] * 20 + ["xa lạ"] * 20
    found = {term for terms_of in held(texts).values() for term in terms_of}
    assert {"trễ", "hẹn"} <= found
    assert "trễ hẹn" not in found


def test_a_weak_word_is_a_term_only_within_a_phrase():
    found = {t for part in held(["not working"] * 9 + ["not good"] * 9 + ["app working"] * 9).values() for t in part}
    assert "not" not in found
    assert "not working" in found or "working" in found


def test_words_by_chance_beside_each_other_are_no_phrase():
    """Two words drawn one after the other from thirty: independent, so that Dunning's statistic stays small."""
    rng = np.random.default_rng(4)
    names = np.array([f"{a}{b}el" for a in "bdfgkm" for b in "aeiou"])
    texts = [" ".join(pair) for pair in rng.choice(names, (1500, 2))]
    found = {term for terms_of in held(texts).values() for term in terms_of}
    assert not [term for term in found if " " in term]


def test_a_term_gives_way_to_the_longer_one_that_holds_it():
    found = {t for part in held(["customer service slow"] * 10 + ["slow app"] * 10).values() for t in part}
    assert "service" not in found
    assert "slow" in found


def test_a_floor_on_comments():
    texts = ["late"] * 4 + ["early"] * 5
    assert {t for part in held(texts).values() for t in part} == {"early"}
    assert {t for part in held(texts, least=4).values() for t in part} == {"early", "late"}


def test_mentions_keep_the_index_and_order_and_count_a_comment_once():
    texts = pd.Series(["late late", None, "late app", "app", np.nan, "late"], index=list("fedcba"))
    found = mentions(texts, least=1)
    assert found["comment"].drop_duplicates().tolist() == ["f", "d", "c", "a"]
    assert not found.duplicated().any()
    assert (found.groupby("comment")["term"].apply(lambda part: list(part) == sorted(part))).all()


def test_copies_of_a_comment_count_as_comments():
    """What is read once counts as often as it was given, mixed into any order."""
    texts = pd.Series(vietnamese(12))
    shuffled = texts.sample(frac=1, random_state=2)
    one, other = (mentions(part).sort_values(["comment", "term"], ignore_index=True) for part in (texts, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_no_comments():
    for nothing in ([], [None, np.nan], ["", "  ", "123", "😡"]):
        assert mentions(pd.Series(nothing, dtype=object)).empty
        assert terms(pd.Series(nothing, dtype=object)).empty
        assert languages(pd.Series(nothing, dtype=object)).empty


def test_mistakes_are_named():
    with pytest.raises(CxError, match=r"comments must be text; 1 are not, e.g. 3"):
        mentions(pd.Series(["late", 3]))
    with pytest.raises(CxError, match=r"1 of its labels stand twice, e.g. 0"):
        mentions(pd.Series(["late", "app"], index=[0, 0]))


# -- terms ---------------------------------------------------------------------------------------------------------


def test_terms_count_comments_and_have_wilsons_interval():
    """scipy.stats.binomtest(12, 40).proportion_ci(method="wilson")."""
    rows = terms(pd.Series(["late late app"] * 12 + ["shop"] * 28)).set_index("term")
    wanted = stats.binomtest(12, 40).proportion_ci(method="wilson")
    late = next(rows.loc[name] for name in ("late app", "app", "late") if name in rows.index)
    assert (late["count"], late["n"], late["estimate"]) == (12, 40, pytest.approx(30))
    assert (late["low"], late["high"]) == (pytest.approx(100 * wanted.low), pytest.approx(100 * wanted.high))
    assert rows.index[0] == "shop"


def test_an_example_is_masked_and_no_word_or_two():
    rows = terms(pd.Series(["shop late"] * 5 + ["the shop was late, call 0901234567"])).set_index("term")
    assert rows["example"].dropna().unique().tolist() == ["the shop was late, call [phone]"]


# -- examples ------------------------------------------------------------------------------------------------------


def test_quotes_hold_most_terms_are_short_and_different():
    texts = pd.Series(
        ["late app and shop", "the late app", "app late, call 0901234567", "app late, call 0907654321", "late app"]
    )
    rows = [("x", 0, "late"), ("x", 0, "app"), ("x", 0, "shop"), ("x", 1, "late"), ("x", 1, "app"), ("x", 2, "late")]
    rows += [("x", 2, "app"), ("x", 3, "late"), ("x", 3, "app"), ("x", 4, "late"), ("x", 4, "app")]
    found = quotes(pd.DataFrame(rows, columns=["group", "comment", "term"]), texts, most=5)
    assert found["comment"].tolist() == ["late app and shop", "the late app", "app late, call [phone]"]


def test_long_comments_are_cut_at_the_end_of_a_word():
    text = "word " * 100
    cut = shortened(text)
    assert len(cut) <= 202
    assert re.fullmatch(r"(word )+…", cut)
    assert shortened("x" * 300) == "x" * 200 + " …"
    assert shortened("two\n lines ") == "two lines"


# -- odd lengths ---------------------------------------------------------------------------------------------------


def test_a_word_of_more_than_thirty_letters_is_none():
    """Thirty are one still; what is longer ends the clause."""
    assert read(f"giao {'x' * 30} hàng {'x' * 31} vui {'x' * 5000}") == ["giao", "x" * 30, "hàng", "vui"]
    used = set(mentions(pd.Series([f"late parcel {'y' * 5000}"] * 20))["term"])
    assert used == {"late", "parcel"}


def test_long_comments_are_read_to_their_end():
    found = held(["giao hàng trễ, " * 6000 + "thật tệ", "giao hàng", "thật tệ"] * 10)
    assert {"giao hàng", "thật tệ"} <= found[0]


def test_a_comment_that_a_spreadsheet_cut_ends_with_a_whole_word():
    """A cell holds 32,767 letters by Excel's own specification; the last 7 are "giao hà"."""
    cut = ("giao hàng " * 3277)[:32_767]
    assert cut.endswith("giao hà")
    assert read(cut) == ["giao", "hàng"] * 3276 + ["giao"]
