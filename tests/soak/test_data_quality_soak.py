"""The data-quality chapter on the whole grid of odd studies, with its pictures, and on 300 questions."""

import numpy as np
import pandas as pd
import pytest
from quality_study import RATED, STUDIES, made, survey
from test_data_quality import chapter, check, published

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("name", STUDIES)
def test_the_chapter_on_every_odd_study(monkeypatch, load, name):
    found = chapter(monkeypatch, load, name, drawn=True)
    kinds = {data["kind"] for data in found.values()}
    assert {"finding", "table"} <= kinds, "the chapter says something of every study, and shows on what grounds"
    check(found)


def test_three_hundred_questions(monkeypatch, load):
    rows = np.arange(240)
    answers = {f"q{i}": np.where(rows % 13, 1 + rows * (i + 3) // 7 % 5, np.nan) for i in range(300)}
    frame = pd.concat([survey(), pd.DataFrame(answers)], axis=1)
    study = made(load, frame=frame, questions={name: dict(RATED) for name in answers})
    found = published(monkeypatch, "00_data_quality.ipynb", study.folder, {}, drawn=True)
    check(found)
    assert len(found["table missing"]["rows"]) == 311
