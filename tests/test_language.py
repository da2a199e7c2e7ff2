"""Languages: signs of numbers, plural forms, dates; the catalogues hold every message, and hold its places."""

import re
from datetime import date

import pytest

from cxlib import CxError, language, messages, prose, text
from cxlib.language import tr, tr_n

PLACE = re.compile(r"\{(\w+)\}")
OTHERS = [name for name in language.languages() if name != "en"]


def test_numbers_bear_the_signs_of_their_language():
    assert text.number(1234.5, "score") == "1,234.50"
    assert text.interval(30.71, 39.4, "percent") == "30.7 to 39.4%"
    assert text.p_value(0.00001) == "<0.0001"
    language.speak("vi")
    # Vietnamese writes 1.234,5 (CLDR, locale vi: decimal "," and group ".").
    assert text.number(1234.5, "score") == "1.234,50"
    assert text.number(-1234567.0, "money") == "\u22121.230.000"
    assert text.interval(30.71, 39.4, "percent") == "30,7 đến 39,4%"
    assert text.difference(2.314, "points") == "+2,31"
    assert text.p_value(0.0497) == "0,0497"
    assert text.p_is(0.00001) == "p < 0,0001"


def test_dates_stand_in_the_order_of_their_language():
    assert language.day(date(2026, 3, 1)) == "1 March 2026"
    language.speak("vi")
    assert language.day(date(2026, 3, 1)) == "1 tháng 3, 2026"


def test_what_is_counted_takes_its_plural_form():
    told = [tr_n("{n} answer", "{n} answers", n) for n in (0, 1, 2, 2809)]
    assert told == ["0 answers", "1 answer", "2 answers", "2,809 answers"]
    language.speak("vi")  # Vietnamese has one form
    told = [tr_n("{n} answer", "{n} answers", n) for n in (1, 2809)]
    assert told == ["1 câu trả lời", "2.809 câu trả lời"]


def test_values_are_never_read_as_places():
    assert tr("{label} rose", label="{evil} {0} % \\") == "{evil} {0} % \\ rose"
    assert tr("no such message {here}") == "no such message {here}"
    assert tr("") == ""


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(CxError, match="language is one of en, vi; found 'xx'"):
        language.speak("xx")
    assert language.spoken() == "en"


def test_prose_is_taken_apart_and_put_together_again():
    cell = "# Why?\n\nOne line\nand another.\n\n- first item,\n  going on\n- second\n\n## Next\nText right below."
    assert [words for _, words in prose.pieces(cell)] == [
        "Why?", "One line and another.", "first item, going on", "second", "Next", "Text right below.",
    ]  # fmt: skip
    whole = "# Why?\n\nOne line and another.\n\n- first item, going on\n- second\n\n## Next\nText right below."
    assert prose.translated(cell) == whole


def _ids(message) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_has_its_translation(name):
    """Every sentence, heading, caption and paragraph of a notebook; `make messages` lists what is new."""
    known, lacking = messages.catalogue(name), []
    for message, places in messages.messages().items():
        if known.get(_ids(message)[0]) is None:
            lacking.append(f"{places[0]}: {_ids(message)[0][:60]}")
    assert not lacking, f"{len(lacking)} messages have no translation, e.g. {lacking[:5]}"


@pytest.mark.parametrize("name", OTHERS)
def test_translations_keep_the_places_of_their_messages(name):
    for message in messages.catalogue(name):
        if message.id:
            wanted = set(PLACE.findall(_ids(message.id)[-1]))
            for string in message.string if isinstance(message.string, tuple) else (message.string,):
                assert set(PLACE.findall(string)) == wanted, message.id


@pytest.mark.parametrize("name", OTHERS)
def test_the_catalogue_holds_nothing_that_is_gone(name):
    known = {_ids(message)[0] for message in messages.messages()}
    gone = [m.id for m in messages.catalogue(name) if m.id and _ids(m.id)[0] not in known]
    assert not gone, f"{len(gone)} messages stand in no source, e.g. {gone[:3]}: run make messages"


def test_a_new_language_is_one_catalogue_away(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    total, empty = messages.update("fr")
    assert total == empty == len(messages.messages())
    file = tmp_path / "fr" / "LC_MESSAGES" / "cxlib.po"
    lines = file.read_text(encoding="utf-8").replace(
        'msgid "Bottom line"\nmsgstr ""', 'msgid "Bottom line"\nmsgstr "En bref"'
    )
    file.write_text(lines, encoding="utf-8")
    assert messages.update("fr") == (total, empty - 1)
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    assert language.languages() == ("en", "fr")
    language.speak("fr")
    assert tr("Bottom line") == "En bref"
    assert tr("Limits") == "Limits"
    assert text.number(1234.5, "score") == "1\u202f234,50"
