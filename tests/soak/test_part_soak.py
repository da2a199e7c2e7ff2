"""Every chapter on every shop of the demo study, on its cities, channels and sexes, and on other parts of it."""

import chapter_cells
import pytest
from test_part import CHAPTERS, DEMO, whole

from cxlib import CxError, Study, parts

pytestmark = pytest.mark.soak

SHOPS = [f"shop: S{number:02d}" for number in range(1, 61)]
GROUPS = ["city: hcm", "city: hanoi", "channel: digital", "channel: traditional", "sex: f", "sex: m"]
OTHERS = ["age_band: 55+", "income: 4", "improved: 1", "mode: online", "employee: E043"]


@pytest.mark.parametrize("part", [*SHOPS, *GROUPS, *OTHERS])
def test_every_chapter_runs_on_the_part_and_withholds_small_numbers(monkeypatch, part):
    made = whole()._made  # the demo study is read once for all parts

    def kept(self, key: str, make):
        if key not in made:
            made[key] = make()
        return made[key]

    monkeypatch.setattr(Study, "_kept", kept)
    book = parts.without(whole().book, part)
    for notebook in CHAPTERS:
        if "iceberg" in notebook and "complaints" not in book.tables:
            continue
        if "journey" in notebook and not {"events", "customers", "sales"} & set(book.tables):
            continue
        found = chapter_cells.published(monkeypatch, notebook, DEMO, {"part": part})
        first = next(data for data in found.values() if data["kind"] == "finding")
        assert first["name"] == "part_of_study"
        for data in found.values():
            if data["kind"] == "number" and data["printed"]["value"] != "**" and data["unit"] in ("points", "score"):
                assert data["n"] >= book.minimum_base


def test_a_part_that_there_cannot_be_is_refused():
    with pytest.raises(CxError, match="there is no column brand"):
        Study.load(DEMO, part="brand: x")
