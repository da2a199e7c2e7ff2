"""The comments of a study: tables and sentences.

Oracles: scores.by_group() and shares by hand on the study's own frame (tests hold these against R's survey package),
statsmodels (weighted least squares with errors by cluster), truth planted in made-up studies.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from chapter_cells import cells
from statsmodels.stats.multitest import multipletests

from cxlib import CxError, Study, charts, comments, results
from cxlib.sentences import comments as say

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = {
    "recommend": {"role": "metric", "metric": "nps"},
    "ease": {"role": "metric", "metric": "ces"},
    "why": {"role": "comment"},
}
KEYS = {"respondent": "id", "wave": "wave", "weight": "weight", "cluster": "shop"}
TEXTS = {
    "late": ["The parcel was late, driver rude", "Driver late, parcel broken", "Rude driver and late parcel"],
    "price": ["Fair price and discount", "Discount and price are fair", "Good price, fair discount"],
    "plain": ["Just what wanted today", "Somebody told us yesterday", "Quite ordinary afternoon"],
}


def survey(n: int = 400, *, seed: int = 1) -> pd.DataFrame:
    """Two waves in 40 shops; who comments on lateness scores low, on prices high; one in five says nothing."""
    rng = np.random.default_rng(seed)
    topic = rng.choice(list(TEXTS), n, p=[0.3, 0.4, 0.3])
    low, high, middle = rng.integers(0, 7, n), rng.integers(9, 11, n), rng.integers(5, 11, n)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "wave": np.where(np.arange(n) % 4 == 0, "1", "2"),
            "weight": rng.uniform(0.5, 2, n).round(3),
            "shop": rng.integers(0, 40, n),
            "recommend": np.select([topic == "late", topic == "price"], [low, high], middle),
            "ease": rng.integers(1, 8, n),
            "why": [rng.choice(TEXTS[t]) if rng.random() < 0.8 else None for t in topic],
        }
    )


def study(tmp_path, frame=None, *, questions=None, **top) -> Study:
    frame = survey() if frame is None else frame
    frame.to_csv(tmp_path / "survey.csv", index=False)
    keys = {key: column for key, column in KEYS.items() if column in frame}
    table = {"file": "survey.csv", **keys, "questions": QUESTIONS if questions is None else questions}
    book = {"study": "s", "title": "t", "sample": "probability", "minimum_base": 20, "tables": {"survey": table}} | top
    (tmp_path / "study.yml").write_text(yaml.safe_dump(book, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return Study.load(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = study(tmp_path_factory.mktemp("s"))
    spoken = comments.said(made)
    return made, spoken, comments.themes(spoken, "2")


def named(frame: pd.DataFrame, word: str) -> pd.Series:
    """The row of the theme that has the word in its name."""
    return frame[frame["theme"].str.contains(word)].iloc[0]


def test_themes_have_weighted_shares(made):
    """By hand: the sum of the weights of those whose comment holds the word, of all who commented in the wave."""
    _, _, found = made
    frame = survey().query("wave == '2'").dropna(subset=["why"])
    for word in ("late", "price"):
        row, hit = named(found.themes, word), frame["why"].str.lower().str.contains(word)
        assert row["estimate"] == pytest.approx(100 * frame.loc[hit, "weight"].sum() / frame["weight"].sum())
        assert (row["count"], row["n"]) == (hit.sum(), len(frame))
        assert row["low"] < row["estimate"] < row["high"]
    assert found.n == len(frame)
    assert found.themes["theme"].iloc[-1] == comments.OTHER or comments.OTHER not in set(found.themes["theme"])


def test_the_difference_is_that_of_a_regression_with_errors_by_cluster(made):
    """statsmodels WLS of the score on the theme, sandwich by shop without small-sample terms, times g / (g - 1).

    Shops of one wave are clusters of one stratum; those in which nobody commented count as well, with 0.
    """
    _, _, found = made
    whole = survey().query("wave == '2'")
    frame = whole.dropna(subset=["why"])
    y = 100.0 * (frame["recommend"] >= 9) - 100.0 * (frame["recommend"] <= 6)
    x = frame["why"].str.lower().str.contains("late").astype(float)
    fit = sm.WLS(y, sm.add_constant(x), weights=frame["weight"]).fit(
        cov_type="cluster", cov_kwds={"groups": frame["shop"], "use_correction": False}
    )
    g = whole["shop"].nunique()
    row = named(found.by_metric[found.by_metric["name"] == "nps"], "late")
    assert row["estimate"] == pytest.approx(fit.params.iloc[1])
    assert row["se"] == pytest.approx(fit.bse.iloc[1] * np.sqrt(g / (g - 1)), rel=1e-6)
    assert row["estimate"] == pytest.approx(row["given"] - row["without"])
    assert (row["n"], row["n_without"]) == (x.sum(), (1 - x).sum())


def test_holm_is_over_the_themes_of_a_metric(made):
    _, _, found = made
    for _, part in found.by_metric.dropna(subset=["p"]).groupby("name"):
        assert part["p_adjusted"].to_numpy() == pytest.approx(multipletests(part["p"], method="holm")[1])


def test_what_was_planted_is_told(made):
    _, spoken, found = made
    told = say.themes(spoken, found, confidence=0.95)
    assert "lower NPS goes with mentioning" in told["theme_scores_nps"]
    assert "late" in told["theme_scores_nps"].split("higher NPS")[0]
    assert "No theme goes with another CES beyond chance" in told["theme_scores_ces"]
    assert "cause" in told["theme_family"]
    key = comments.key_terms(spoken, "2")
    assert set(key["side"]) == {"detractors", "promoters"}
    words = say.key_terms(key)["key_terms"].split("promoters mention")
    assert any(word in words[0] for word in ("late", "driver", "parcel"))
    assert any(word in words[1] for word in ("price", "discount", "fair"))


def test_keyness_is_of_the_low_against_the_high(made):
    """By hand: the comments of detractors and of promoters with the word rude."""
    _, spoken, _ = made
    frame = survey().query("wave == '2'").dropna(subset=["why"])
    rude = frame["why"].str.lower().str.contains("rude")
    rows = comments.key_terms(spoken, "2", most=50)
    row = next(
        rows[rows["term"] == term].iloc[0]
        for term in ("rude", "driver rude", "rude driver")
        if term in set(rows["term"])
    )
    low, high = frame["recommend"] <= 6, frame["recommend"] >= 9
    assert (row["n"], row["n_other"]) == (low.sum(), high.sum())
    if row["term"] == "rude":
        assert (row["count"], row["count_other"]) == ((rude & low).sum(), (rude & high).sum())


def test_sides_of_a_scale(made):
    """1-7 in thirds: 1-3 and 5-7; NPS by its scores."""
    own, _, _ = made
    assert comments.sides(own, "ease")[:2] == ({1, 2, 3}, {5, 6, 7})
    low, high, *names = comments.sides(own, "recommend")
    assert (low, high, names) == (set(range(7)), {9, 10}, ["detractors", "promoters"])


def test_examples_are_masked_and_of_their_theme(tmp_path):
    frame = survey()
    frame["why"] = [None if pd.isna(w) else f"{w}, call Mr Brown 0901 234 {i:03d}" for i, w in enumerate(frame["why"])]
    found = comments.themes(comments.said(study(tmp_path, frame)), "2")
    assert len(found.examples)
    assert found.examples["comment"].str.contains(r"Mr \[name\].*\[phone\]").all()
    assert not found.examples["comment"].str.contains(r"\d").any()
    assert found.examples.groupby("theme").size().max() <= 3
    assert set(found.examples["theme"]) <= set(found.themes["theme"])


def test_a_theme_is_the_same_in_every_wave(made):
    _, spoken, found = made
    first = comments.themes(spoken, "1")
    assert set(first.themes["theme"]) - {comments.OTHER} == set(found.themes["theme"]) - {comments.OTHER}


def test_small_bases_are_withheld(tmp_path):
    own = study(tmp_path, minimum_base=500)
    spoken = comments.said(own)
    found = comments.themes(spoken, "2")
    assert found.themes["estimate"].isna().all()
    assert found.by_metric["estimate"].isna().all()
    assert found.examples.empty
    assert comments.terms(spoken, "2").empty
    assert comments.key_terms(spoken, "2").empty
    assert "too few" in say.themes(spoken, found, confidence=0.95)["no_themes"]


def test_few_comments_are_listed_without_themes(tmp_path):
    own = study(tmp_path, survey(50))
    spoken = comments.said(own)
    assert comments.themes(spoken, None).themes.empty
    assert len(comments.terms(spoken, None))
    told = say.themes(spoken, comments.themes(spoken, None), confidence=0.95)["no_themes"]
    assert f"There are no themes: there are {len(spoken.texts)} comments in all, and themes need 50." in told


@pytest.mark.parametrize("without", ["question", "answers", "metric"])
def test_what_is_not_there_does_no_harm(tmp_path, without):
    frame, questions = survey(), dict(QUESTIONS)
    if without == "question":
        del questions["why"]
    elif without == "answers":
        frame["why"] = None
    else:
        del questions["recommend"], questions["ease"]
    own = study(tmp_path, frame, questions=questions)
    spoken = comments.said(own)
    found, key = comments.themes(spoken, "2"), comments.key_terms(spoken, "2")
    told = say.basis(spoken, "2") | say.themes(spoken, found, confidence=0.95) | say.key_terms(key)
    if without == "metric":
        assert len(found.themes)
        assert found.by_metric.empty
        assert key.empty
    else:
        assert [len(part) for part in (found.themes, found.by_metric, found.examples, key)] == [0] * 4
        assert comments.terms(spoken, "2").empty
        wanted = "asks for no comment" if without == "question" else "Nobody left a comment in wave 2"
        assert wanted in told["comments"]
        assert len(told) == 1


def test_a_study_without_waves_and_weights(tmp_path):
    frame = survey().drop(columns=["wave", "weight", "shop"])
    spoken = comments.said(study(tmp_path, frame))
    found = comments.themes(spoken, None)
    row, given = named(found.themes, "late"), frame["why"].dropna()
    assert row["estimate"] == pytest.approx(100 * given.str.lower().str.contains("late").mean())


def test_mistakes_are_named(made):
    own, spoken, _ = made
    with pytest.raises(
        CxError, match="there is no comment wy; the questions with `role: comment` are why; did you mean"
    ):
        comments.chosen_question(own, "wy")
    with pytest.raises(CxError, match="eas is no metric; the metrics are recommend, ease; did you mean ease"):
        comments.key_terms(spoken, "2", against="eas")


def test_basis_counts_comments_and_languages():
    """The demo's last wave by pandas; English comments with a Vietnamese address in them may be counted as either."""
    demo = Study.load(ROOT / "data/demo")
    told = say.basis(comments.said(demo), "2026-H2")["comments"]
    now = demo.survey[demo.survey["wave"].astype(str) == "2026-H2"]["why"]
    given = now.dropna()
    marked = given.str.contains("[ăâđêôơưáàảãạéèẻẽẹíìỉĩịóòỏõọúùủũụ]", case=False).sum()
    assert told.startswith(f"{len(given)} comments in 2026-H2 from {len(now):,} respondents")
    vietnamese, english = map(int, re.search(r"(\d+) in Vietnamese and (\d+) in English", told).groups())
    assert vietnamese + english == len(given)
    assert abs(vietnamese - marked) <= 3


def test_the_demos_unhappy_customers_are_told_by_their_own_words():
    """data/demo/words.py: these are said by detractors alone, those by promoters alone."""
    rows = comments.key_terms(comments.said(Study.load(ROOT / "data/demo")), None, most=100)
    clear = rows[rows["verdict"] == "clear"].set_index("term")["estimate"]
    assert (clear[["thất vọng", "giỏ hàng", "khiếu nại", "disappointed"]] > 0).all()
    assert (clear[["tin tưởng", "giá hợp lý", "đóng gói", "fair prices"]] < 0).all()


def said_by_the_chapter(monkeypatch, folder) -> tuple[dict[str, str], set[str], dict]:
    """What the survey chapter's cells on comments publish of a study: findings, names of the rest, and their names."""
    shown, names = [], {}
    monkeypatch.setattr(results, "display", lambda data, raw: shown.append(data[results.MIME]))
    code = [source for source, _ in cells("02_survey_analysis.ipynb")]
    first = next(at for at, source in enumerate(code) if "comments.said(" in source)
    for at in [0, 1, 2, *range(first, first + 5)]:
        exec(code[at], names)
        if at == 0:
            names["study"] = str(folder)
    findings = {data["name"]: data["text"] for data in shown if data["kind"] == "finding"}
    return findings, {data["name"] for data in shown if data["kind"] != "finding"}, names


EMOJIS, NUMBERS = ["\U0001f621\U0001f44e"] * 100, [str(n) for n in range(100)]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (None, {"comments": "The survey asks for no comment."}),
        ([None] * 100, {"comments": "Nobody left a comment."}),
        (["   "] * 100, {"comments": "Nobody left a comment."}),
        (EMOJIS, {"comments": "100 comments hold no words, but numbers, signs or emojis alone."}),
        (NUMBERS, {"comments": "100 comments hold no words, but numbers, signs or emojis alone."}),
        (["7"] + [None] * 99, {"comments": "1 comment holds no words, but numbers, signs or emojis alone."}),
        (
            ["late parcel again"] * 10 + [None] * 90,
            {"no_themes": "There are no themes: there are 10 comments in all, and themes need 50."},
        ),
        (["x"] + [None] * 99, {"no_themes": "There are no themes: there is 1 comment in all, and themes need 50."}),
        (
            ["the and of to"] * 100,
            {"no_themes": "There are no themes: no word but those of grammar stands in 5 comments or more."},
        ),
    ],
    ids=["no question", "none", "blank", "emojis", "numbers", "a number", "ten", "x", "grammar"],
)
def test_the_chapter_says_why_there_are_no_themes(tmp_path, monkeypatch, texts, wanted):
    """Every frame without rows has the columns of those with rows, and no table or picture of it is published."""
    frame = survey(100).drop(columns=["wave", "weight", "shop"]).assign(why=texts)
    questions = {key: value for key, value in QUESTIONS.items() if texts is not None or key != "why"}
    study(tmp_path, frame if texts is not None else frame.drop(columns="why"), questions=questions)
    told, rest, names = said_by_the_chapter(monkeypatch, tmp_path)
    assert wanted.items() <= told.items()
    assert len(told) == (1 if "comments" in wanted else 2)
    assert rest == set()
    found = names["found"]
    assert list(found.themes) == comments.THEMES
    assert list(found.by_metric) == comments.SCORES
    assert list(found.examples) == comments.EXAMPLES
    assert charts.theme_panels(found.themes, found.by_metric) is None
    assert charts.key_terms(names["key"]) is None


def test_frames_without_rows_have_the_columns_of_those_with_rows(made, tmp_path):
    _, spoken, found = made
    assert [list(found.themes), list(found.by_metric)] == [comments.THEMES, comments.SCORES]
    nobody = comments.said(study(tmp_path, survey().assign(why=None)))
    assert list(comments.terms(nobody, "2")) == list(comments.terms(spoken, "2"))
    assert list(comments.key_terms(nobody, "2")) == list(comments.key_terms(spoken, "2"))
    without = comments.themes(nobody, "2")
    assert [len(part) for part in (without.themes, without.by_metric, without.examples)] == [0, 0, 0]


def test_the_chapter_publishes_themes_of_vietnamese_comments(tmp_path, monkeypatch):
    """Lateness stands in the comments of detractors alone, prices in those of promoters."""
    frame = survey().drop(columns=["wave", "weight", "shop"])
    low = frame["recommend"] <= 6
    late = ["Giao hàng trễ quá, tên Khánh giao", "Giao hàng trễ, đợi lâu", "đợi lâu, GIAO HÀNG TRỄ, chị HOA hẹn"]
    price = ["Giá hợp lý, khuyến mãi nhiều", "Khuyến mãi hay và giá hợp lý", "giá hợp lý"]
    frame["why"] = [(late if bad else price)[at % 3] for at, bad in enumerate(low)]
    study(tmp_path, frame)
    told, rest, names = said_by_the_chapter(monkeypatch, tmp_path)
    assert "400 in Vietnamese" in told["comments"]
    assert "lower NPS goes with mentioning “giao hàng" in told["theme_scores_nps"]
    assert rest == {"themes", "theme_scores", "key_terms", "terms", "comments"}
    used = set(comments.said(names["s"]).held["term"])
    assert "giao hàng" in used
    assert not {"khánh", "tên khánh", "hoa", "chị hoa"} & used


def test_comments_without_words_are_counted_apart(tmp_path):
    frame = survey(100).drop(columns=["wave", "weight", "shop"])
    frame["why"] = ["late parcel"] * 60 + ["10/10"] * 3 + ["\U0001f600"] + [None] * 36
    spoken = comments.said(study(tmp_path, frame))
    assert comments.wordless(spoken, None) == 4
    told = say.basis(spoken, None)["comments"]
    assert told.startswith("60 comments from 100 respondents (60.0%)")
    assert told.endswith("Left out are 4 comments without words (numbers, signs or emojis alone).")


def test_one_is_one(tmp_path):
    frame = survey(1).drop(columns=["wave", "weight", "shop"]).assign(why="late parcel")
    spoken = comments.said(study(tmp_path, frame))
    assert say.basis(spoken, None)["comments"].startswith("1 comment from 1 respondent (100.0%): 1 in English.")
