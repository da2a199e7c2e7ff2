"""Sentences on the comments: what is mentioned most, which themes go with low scores, which words are whose."""

import pandas as pd

from cxlib import text
from cxlib.comments import OTHER, Said, Themes, of_wave, wordless
from cxlib.phrases import LEAST
from cxlib.sentences.words import count, interval_name, wave_name
from cxlib.themes import FEWEST
from cxlib.tokens import languages

NAMED = 3  # themes or terms that a sentence names
LANGUAGES = {"vi": "Vietnamese", "en": "English"}


def basis(spoken: Said, wave: str | None) -> dict[str, str]:
    """How many commented in a wave, in which languages, and how terms are counted."""
    if spoken.question is None:
        return {"comments": "The survey asks for no comment."}
    texts, survey = of_wave(spoken, wave), spoken.study.survey
    asked = len(survey) if wave is None else int((survey["wave"].astype(str) == wave).sum())
    when = "" if wave is None else f" in {wave_name(wave)}"
    bare = wordless(spoken, wave)
    if texts.empty and bare:
        hold = "holds" if bare == 1 else "hold"
        return {"comments": f"{count(bare, 'comment')}{when} {hold} no words, but numbers, signs or emojis alone."}
    if texts.empty:
        return {"comments": f"Nobody left a comment{when}."}
    spoken_in = languages(texts).value_counts().sort_index(ascending=False)
    parts = [f"{text.number(n)} in {LANGUAGES[name]}" for name, n in spoken_in.items()]
    return {
        "comments": f"{count(len(texts), 'comment')}{when} from {count(asked, 'respondent')} "
        f"({text.number(100 * len(texts) / asked, 'percent')}): {text.join(parts)}. Who comments is not drawn at "
        "random, so the shares below are of the comments, not of all customers."
        + (f" Left out {_are(bare, 'comment')} without words (numbers, signs or emojis alone)." if bare else "")
    }


def _are(n: int, what: str) -> str:
    """Is 1 comment, are 2 comments."""
    return f"{'is' if n == 1 else 'are'} {count(n, what)}"


def _why_none(spoken: Said) -> str:
    """Why the comments form no themes."""
    if len(spoken.texts) < FEWEST:
        return f"there {_are(len(spoken.texts), 'comment')} in all, and themes need {FEWEST}"
    if spoken.held.empty:
        return f"no word but those of grammar stands in {LEAST} comments or more"
    return "no terms go together firmly enough to form a theme"


def themes(spoken: Said, made: Themes, *, confidence: float) -> dict[str, str]:
    """What is mentioned most, and which themes go with lower or higher scores."""
    if spoken.question is None or not made.n:
        return {}
    if made.themes.empty:
        return {"no_themes": f"There are no themes: {_why_none(spoken)}."}
    shown = made.themes.dropna(subset=["estimate"])
    if shown.empty:
        return {"no_themes": f"Themes are not reported: there {_are(made.n, 'comment')}, too few for shares."}
    return _most(spoken, shown, confidence) | _scores(spoken, made.by_metric, confidence)


def _most(spoken: Said, shown: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The themes with the greatest shares, and how much is of none."""
    named = shown[shown["theme"] != OTHER].head(NAMED)
    told = [
        f"“{row.theme}” ({text.number(row.estimate, 'percent')} of the comments, {confidence:.0%} "
        f"{interval_name(spoken.study)} {text.interval(row.low, row.high, 'percent')})"
        for row in named.itertuples()
    ]
    rest = shown[shown["theme"] == OTHER]
    left = f"; {text.number(rest['estimate'].iloc[0], 'percent')} are of no theme" if len(rest) else ""
    return {
        "themes": f"Comments mention most often {text.join(told)}{left}. A comment may be of several themes. Themes "
        "are groups of words that stand in the same comments, named after the commonest of them."
    }


def _scores(spoken: Said, rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """For each metric, the themes that go with other scores."""
    found = {}
    for name, part in rows.groupby("name", sort=False) if len(rows) else ():
        tested, label = part.dropna(subset=["p_adjusted"]), part["label"].iloc[0]
        if tested.empty:
            found[f"theme_scores_{name}"] = f"No theme has comments enough to compare its {label}."
            continue
        clear, near = (tested[tested["verdict"] == word] for word in ("clear", "borderline"))
        told = [
            f"a {word} {label} goes with mentioning {text.join([_told(spoken, row, confidence) for row in side])}"
            for word, side in (
                ("lower", list(clear[clear["estimate"] < 0].sort_values("estimate").itertuples())),
                ("higher", list(clear[clear["estimate"] > 0].sort_values("estimate", ascending=False).itertuples())),
            )
            if side
        ]
        plain = f"no theme goes with another {label} beyond chance"
        sentence = "; ".join(told) or plain
        if len(near):
            names = [f"“{row.theme}” ({text.difference(row.estimate, row.unit)})" for row in near.itertuples()]
            sentence += f"; borderline: {text.join(names)}"
        few = len(part) - len(tested)
        left = f" {count(few, 'theme')} not compared, on too few comments." if few else ""
        found[f"theme_scores_{name}"] = f"{sentence[:1].upper()}{sentence[1:]}.{left}"
    if found:
        found["theme_family"] = (
            "Compared are those who mention a theme with the others who commented; p is corrected by Holm for the "
            "themes of a metric, intervals are not. What goes with a score need not be its cause."
        )
    return found


def _told(spoken: Said, row, confidence: float) -> str:
    between = text.difference_interval(row.low, row.high, row.unit)
    return (
        f"“{row.theme}” ({text.difference(row.estimate, row.unit)}; {confidence:.0%} {interval_name(spoken.study)} "
        f"{between}, {text.p_is(row.p_adjusted)})"
    )


def key_terms(rows: pd.DataFrame) -> dict[str, str]:
    """Which terms each side uses more often, of those that are clear."""
    if rows.empty:
        return {}
    told = []
    for side, part in rows.groupby("side", sort=False):
        clear = part[part["verdict"] == "clear"]
        clear = clear.iloc[(-clear["g2"]).argsort(kind="stable")].head(NAMED)
        shares = [
            f"“{row.term}” ({text.number(max(row.share, row.share_other), 'percent')} against "
            f"{text.number(min(row.share, row.share_other), 'percent')})"
            for row in clear.itertuples()
        ]
        told.append(
            f"{side} mention {text.join(shares)} more often"
            if shares
            else f"no term is clearly more often that of {side}"
        )
    sentence = "; ".join(told)
    return {
        "key_terms": f"{sentence[:1].upper()}{sentence[1:]} (shares of their comments, unweighted; "
        f"{count(int(rows['tests'].iloc[0]), 'term')} tested, Holm)."
    }


def alt_themes(made: Themes) -> str:
    """The alternative text of charts.theme_panels()."""
    told = [
        f"{row.theme} " + ("not reported" if pd.isna(row.estimate) else text.number(row.estimate, "percent"))
        for row in made.themes.itertuples()
    ]
    return f"Share of the comments by theme: {'; '.join(told)}."


def alt_key_terms(rows: pd.DataFrame) -> str:
    """The alternative text of charts.key_terms()."""
    told = [f"{row.term} {text.number(row.estimate, 'ratio', sign=True)}" for row in rows.itertuples()]
    return f"Log ratio of each term between the two sides: {'; '.join(told)}."
