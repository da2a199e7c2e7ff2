"""The chapter on personas on the whole grid of odd studies."""

import pytest
from persona_study import made
from test_persona_sentences import DRAWN, STUDIES, chapter, check, check_told

from cxlib import language

pytestmark = pytest.mark.soak


@pytest.fixture(autouse=True)
def english():
    yield
    language.speak("en")


@pytest.mark.parametrize("name", STUDIES)
def test_the_chapter_on_every_odd_study(monkeypatch, load, name):
    study, parameters = STUDIES[name]
    found = chapter(monkeypatch, made(load, **study).folder, parameters, drawn=name in DRAWN)
    assert "finding personas" in found
    check(found)
    check_told(found, name)
