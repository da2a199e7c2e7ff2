"""Sentences on the comments: what is mentioned most, which themes go with low scores, which words are whose."""

import pandas as pd

from cxlib import text
from cxlib.comments import Said, Themes, of_wave, wordless
from cxlib.language import noted, tr, tr_n
from cxlib.phrases import LEAST
from cxlib.sentences.words import interval, wave_name
from cxlib.themes import FEWEST
from cxlib.tokens import languages

NAMED = 3  # themes or terms that a sentence names
LANGUAGES = {"vi": noted("Vietnamese"), "en": noted("English")}


def basis(spoken: Said, wave: str | None) -> dict[str, str]:
    """How many commented in a wave, in which languages, and how terms are counted."""
    if spoken.question is None:
        return {"comments": tr("The survey asks for no comment.")}
    texts, survey = of_wave(spoken, wave), spoken.study.survey
    survey = survey if spoken.study.domain is None else survey[spoken.study.domain]
    asked = len(survey) if wave is None else int((survey["wave"].astype(str) == wave).sum())
    bare = wordless(spoken, wave)
    if texts.empty:
        return {"comments": _none(bare, wave)}
    spoken_in = languages(texts).value_counts().sort_index(ascending=False)
    parts = [tr("{n} in {language}", n=text.number(n), language=tr(LANGUAGES[name])) for name, n in spoken_in.items()]
    about = {
        "comments": tr_n("{n} comment", "{n} comments", len(texts)),
        "respondents": tr_n("{n} respondent", "{n} respondents", asked),
        "share": text.number(100 * len(texts) / asked, "percent"),
        "languages": text.join(parts),
    }
    told = [
        tr("{comments} from {respondents} ({share}): {languages}.", **about)
        if wave is None
        else tr("{comments} in {wave} from {respondents} ({share}): {languages}.", wave=wave_name(wave), **about),
        tr("Who comments is not drawn at random, so the shares below are of the comments, not of all customers."),
    ]
    if bare:
        told.append(
            tr_n(
                "Left out is {n} comment without words (numbers, signs or emojis alone).",
                "Left out are {n} comments without words (numbers, signs or emojis alone).",
                bare,
            )
        )
    return {"comments": " ".join(told)}


def _none(bare: int, wave: str | None) -> str:
    """That nobody commented in a wave, or nobody in words."""
    if wave is None:
        if not bare:
            return tr("Nobody left a comment.")
        return tr_n(
            "{n} comment holds no words, but numbers, signs or emojis alone.",
            "{n} comments hold no words, but numbers, signs or emojis alone.",
            bare,
        )
    if not bare:
        return tr("Nobody left a comment in {wave}.", wave=wave_name(wave))
    return tr_n(
        "{n} comment in {wave} holds no words, but numbers, signs or emojis alone.",
        "{n} comments in {wave} hold no words, but numbers, signs or emojis alone.",
        bare,
        wave=wave_name(wave),
    )


def _no_themes(spoken: Said) -> str:
    """Why the comments form no themes."""
    if len(spoken.texts) < FEWEST:
        return tr_n(
            "There are no themes: there is {n} comment in all, and themes need {fewest}.",
            "There are no themes: there are {n} comments in all, and themes need {fewest}.",
            len(spoken.texts),
            fewest=FEWEST,
        )
    if spoken.held.empty:
        return tr("There are no themes: no word but those of grammar stands in {least} comments or more.", least=LEAST)
    return tr("There are no themes: no terms go together firmly enough to form a theme.")


def themes(spoken: Said, made: Themes, *, confidence: float) -> dict[str, str]:
    """What is mentioned most, and which themes go with lower or higher scores."""
    if spoken.question is None or not made.n:
        return {}
    if made.themes.empty:
        return {"no_themes": _no_themes(spoken)}
    shown = made.themes.dropna(subset=["estimate"])
    if shown.empty:
        told = tr_n(
            "Themes are not reported: there is {n} comment, too few for shares.",
            "Themes are not reported: there are {n} comments, too few for shares.",
            made.n,
        )
        return {"no_themes": told}
    return _most(spoken, shown, confidence) | _scores(spoken, made.by_metric, confidence)


def _most(spoken: Said, shown: pd.DataFrame, confidence: float) -> dict[str, str]:
    """The themes with the greatest shares, and how much is of none."""
    named, rest = shown[~shown["rest"].astype(bool)].head(NAMED), shown[shown["rest"].astype(bool)]
    told = text.join(
        [
            tr(
                "“{theme}” ({share} of the comments, {interval})",
                theme=row.theme,
                share=text.number(row.estimate, "percent"),
                interval=interval(spoken.study, confidence, text.interval(row.low, row.high, "percent")),
            )
            for row in named.itertuples()
        ]
    )
    most = tr("Comments mention most often {themes}.", themes=told)
    if len(rest):
        share = text.number(rest["estimate"].iloc[0], "percent")
        most = tr("Comments mention most often {themes}; {share} are of no theme.", themes=told, share=share)
    what = tr(
        "A comment may be of several themes. Themes are groups of words that stand in the same comments, named after "
        "the commonest of them."
    )
    return {"themes": f"{most} {what}"}


def _scores(spoken: Said, rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """For each metric, the themes that go with other scores."""
    found = {}
    for name, part in rows.groupby("name", sort=False) if len(rows) else ():
        tested, metric = part.dropna(subset=["p_adjusted"]), part["label"].iloc[0]
        if tested.empty:
            found[f"theme_scores_{name}"] = tr("No theme has comments enough to compare its {metric}.", metric=metric)
            continue
        clear, near = (tested[tested["verdict"] == word] for word in ("clear", "borderline"))
        lower, higher = (
            text.join([_told(spoken, row, confidence) for row in side.itertuples()])
            for side in (
                clear[clear["estimate"] < 0].sort_values("estimate"),
                clear[clear["estimate"] > 0].sort_values("estimate", ascending=False),
            )
        )
        told = [tr("a lower {metric} goes with mentioning {themes}", metric=metric, themes=lower)] if lower else []
        told += [tr("a higher {metric} goes with mentioning {themes}", metric=metric, themes=higher)] if higher else []
        told = told or [tr("no theme goes with another {metric} beyond chance", metric=metric)]
        if len(near):
            names = [f"“{row.theme}” ({text.difference(row.estimate, row.unit)})" for row in near.itertuples()]
            told.append(tr("borderline: {names}", names=text.join(names)))
        sentences, few = [f"{_capital('; '.join(told))}."], len(part) - len(tested)
        if few:
            left = tr_n(
                "{n} theme not compared, on too few comments.", "{n} themes not compared, on too few comments.", few
            )
            sentences.append(left)
        found[f"theme_scores_{name}"] = " ".join(sentences)
    if found:
        found["theme_family"] = tr(
            "Compared are those who mention a theme with the others who commented; p is corrected by Holm for the "
            "themes of a metric, intervals are not. What goes with a score need not be its cause."
        )
    return found


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _told(spoken: Said, row, confidence: float) -> str:
    between = interval(spoken.study, confidence, text.difference_interval(row.low, row.high, row.unit))
    return f"“{row.theme}” ({text.difference(row.estimate, row.unit)}; {between}, {text.p_is(row.p_adjusted)})"


def key_terms(rows: pd.DataFrame) -> dict[str, str]:
    """Which terms each side uses more often, of those that are clear."""
    if rows.empty:
        return {}
    told = []
    for side, part in rows.groupby("side", sort=False):
        clear = part[part["verdict"] == "clear"]
        clear = clear.iloc[(-clear["g2"]).argsort(kind="stable")].head(NAMED)
        terms = [
            tr(
                "“{term}” ({more} against {less})",
                term=row.term,
                more=text.number(max(row.share, row.share_other), "percent"),
                less=text.number(min(row.share, row.share_other), "percent"),
            )
            for row in clear.itertuples()
        ]
        told.append(
            tr("{side} mention {terms} more often", side=side, terms=text.join(terms))
            if terms
            else tr("no term is clearly more often that of {side}", side=side)
        )
    return {
        "key_terms": tr_n(
            "{terms} (shares of their comments, unweighted; {n} term tested, Holm).",
            "{terms} (shares of their comments, unweighted; {n} terms tested, Holm).",
            int(rows["tests"].iloc[0]),
            terms=_capital("; ".join(told)),
        )
    }


def themes_caption(wave: str | None) -> str:
    """The caption of charts.theme_panels()."""
    if wave is None:
        return tr("Themes of the comments, and how those who mention them score")
    return tr("Themes of the comments in {wave}, and how those who mention them score", wave=wave_name(wave))


def alt_themes(made: Themes) -> str:
    """The alternative text of charts.theme_panels()."""
    told = [
        f"{row.theme} {tr('not reported') if pd.isna(row.estimate) else text.number(row.estimate, 'percent')}"
        for row in made.themes.itertuples()
    ]
    return tr("Share of the comments by theme: {themes}.", themes="; ".join(told))


def alt_key_terms(rows: pd.DataFrame) -> str:
    """The alternative text of charts.key_terms()."""
    told = [f"{row.term} {text.number(row.estimate, 'ratio', sign=True)}" for row in rows.itertuples()]
    return tr("Log ratio of each term between the two sides: {terms}.", terms="; ".join(told))
