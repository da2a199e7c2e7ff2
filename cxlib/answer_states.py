"""What became of each question with each respondent: answered, left blank, no answer, never used, not asked.

Missing is what a respondent was asked and did not answer: a blank, or a code that study.yml declares as `missing:`. Who
never used what a question asks about is counted apart, and who was led past a question was not asked.
"""

import numpy as np
import pandas as pd

from cxlib.counts import columns_in
from cxlib.metrics import Metric
from cxlib.scores import by_group

ANSWERED, BLANK, NO_ANSWER, NEVER = STATES = ("answered", "blank", "no answer", "never used")
MISSING = Metric("missing", "Missing", (0, 1), {1: 100}, "percent")


def asked(study, question: str, wave: str | None = None) -> pd.Series:
    """Whose route led to a question (in a wave): true or false for each respondent of the survey.

    A route leads through the routes of the questions that it depends on. Without `waves:` in study.yml, a wave that
    holds neither an answer nor a declared missing code is taken not to have asked.
    """
    survey, spec = study.survey, study.book.tables["survey"].questions
    led = pd.Series(True, index=survey.index)
    todo, seen = [question], set()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for router, codes in spec[current].asked.items():
            led &= study.gave(router, codes)
            todo.append(router)
    if "wave" in survey:
        names = survey["wave"].astype(object)
        anything = answered(study, question) | declared(study, question).notna()
        held = spec[question].waves or names[anything].unique()
        led &= names.isin(held) & (wave is None or names == wave)
    return led


def answered(study, question: str) -> pd.Series:
    """Who answered a question of the survey; of a question with options, who ticked one or said no to one."""
    survey = study.survey
    columns = [question] if question in survey else [c for c in survey if c.startswith(f"{question}.")]
    return survey[columns].notna().any(axis=1)


def declared(study, question: str) -> pd.Series:
    """The declared missing code that stood in the place of each respondent's answer, None elsewhere."""
    survey, kept = study.survey, (study.everyone["excluded"] == "").to_numpy()
    codes = study.missing_codes.get(("survey", question))
    held = np.full(len(survey), None, dtype=object) if codes is None else codes.to_numpy(dtype=object)[kept]
    return pd.Series(held, index=survey.index, dtype=object)


def state(study, question: str, wave: str | None = None) -> pd.Series:
    """What became of a question with each respondent: answered, blank, no answer, never used; None: not asked."""
    survey, codes = study.survey, declared(study, question)
    never = study.never_used.get(("survey", question))
    found = pd.Series(BLANK, index=survey.index, dtype=object).mask(codes.notna(), NO_ANSWER)
    if never is not None:
        found = found.mask(never.to_numpy(bool), NEVER)
    found = found.mask(answered(study, question), ANSWERED)
    return found.where(asked(study, question, wave), None)


def is_missing(states: pd.Series) -> pd.Series:
    """1 for a blank or no answer, 0 for an answer or never used, nan where not asked."""
    return states.isin([BLANK, NO_ANSWER]).astype(float).where(states.notna())


def unweighted(study) -> dict:
    """The study's design without its weights: how interviews were drawn."""
    return {name: value for name, value in study.design.items() if name not in ("weights", "calibration")}


def matrix(study, wave: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which questions each respondent left out, and which he was asked: two tables of true and false.

    Questions in the order of study.yml, which is taken to be that of the questionnaire; comments are left out, since
    nobody need write one, and so are respondents who were asked nothing in the wave.
    """
    spec = study.book.tables["survey"].questions
    states = {name: state(study, name, wave) for name, question in spec.items() if question.role != "comment"}
    seen = pd.DataFrame({name: s.notna() for name, s in states.items()}, index=study.survey.index)
    gone = pd.DataFrame({name: s.isin([BLANK, NO_ANSWER]) for name, s in states.items()}, index=study.survey.index)
    there, used = seen.any(axis=1), seen.any(axis=0)
    return gone.loc[there, used], seen.loc[there, used]


def share(study, marks: pd.Series, *, confidence=0.95) -> dict:
    """The share of marks of 1 among those of 1 and 0, in percent, with its interval (Wilson) and bases.

    It describes interviews: the design's clusters and strata count, its weights do not.
    """
    row = shares_by(study, marks, [], confidence=confidence).iloc[0]
    return {c: row[c] for c in ("estimate", "low", "high", "se", "n", "n_effective", "method")} | {"unit": "percent"}


def shares_by(study, marks: pd.Series, by: list[str], *, confidence=0.95) -> pd.DataFrame:
    """share() in each group of the columns `by`, as by_group() gives it."""
    design = unweighted(study)
    used = list(dict.fromkeys([*by, *columns_in(design)]))  # a tally of hundreds of columns would be slow
    frame = study.survey[used].assign(_marked=marks.reindex(study.survey.index).astype(float))
    return by_group(frame, MISSING, by, question="_marked", confidence=confidence, minimum_base=2, **design)
