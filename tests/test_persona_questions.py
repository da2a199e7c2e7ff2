"""Which questions are sensitive by their names."""

import pytest

from cxlib.codebook import Question
from cxlib.persona_questions import is_sensitive


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [
        *((name, True) for name in ("race", "race4", "racethn4", "raceth", "ethn", "Q7_ETHN", "d_raceth", "own_race")),
        *((name, False) for name in ("terrace", "grace", "trace_id", "embrace", "bracelet", "method")),
    ],
)
def test_race_is_found_as_surveys_shorten_it(name, sensitive):
    """race4 and racethn4 are columns of Pew surveys; terraces and bracelets are nobody's race."""
    assert is_sensitive(name, Question(role="single")) is sensitive
