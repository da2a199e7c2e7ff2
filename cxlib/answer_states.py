"""What became of each question with each respondent: answered, left blank, no answer, never used, not asked.

Missing is what a respondent was asked and did not answer: a blank, or a code that study.yml declares as `missing:`. Who
never used what a question asks about is counted apart, and who was led past a question was not asked.
"""

from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from cxlib.counts import as_list, celled
from cxlib.design import Design, design_of
from cxlib.metrics import Metric
from cxlib.scores import estimates, named, without_small
from cxlib.variance import linearise

ANSWERED, BLANK, NO_ANSWER, NEVER = STATES = ("answered", "blank", "no answer", "never used")
LACKING = [STATES.index(BLANK), STATES.index(NO_ANSWER)]
# What was found of the survey of a study, by question: chapter 00 asks the same from many sides.
_KNOWN: WeakKeyDictionary = WeakKeyDictionary()
MISSING = Metric("missing", "Missing", (0, 1), {1: 100}, "percent")


def asked(study, question: str, wave: str | None = None) -> pd.Series:
    """Whose route led to a question (in a wave): true or false for each respondent of the survey.

    A route leads through the routes of the questions that it depends on. Without `waves:` in study.yml, a wave that
    holds neither an answer nor a declared missing code is taken not to have asked.
    """
    led = _known(study, ("asked", question), lambda: _asked(study, question))
    return pd.Series(led & _inside(study, wave), index=study.survey.index)


def _known(study, key: tuple, find: Callable[[], np.ndarray]) -> np.ndarray:
    """What was found of a study before, or is found now: the same questions are looked at from many sides."""
    survey = study.survey
    if study not in _KNOWN or _KNOWN[study][0] is not survey:
        _KNOWN[study] = survey, {}
    found = _KNOWN[study][1]
    if key not in found:
        found[key] = find()
    return found[key]


def _inside(study, wave: str | None) -> np.ndarray:
    """Who belongs to a wave; everybody where none is named or the survey has none."""
    if wave is None or "wave" not in study.survey:
        return np.ones(len(study.survey), bool)
    return _known(study, ("wave", wave), lambda: (study.survey["wave"].astype(object) == wave).to_numpy(bool))


def _asked(study, question: str) -> np.ndarray:
    """Whose route led to a question in any wave."""
    survey, spec = study.survey, study.book.tables["survey"].questions
    led = np.ones(len(survey), bool)
    todo, seen = [question], set()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for router, codes in spec[current].asked.items():
            led &= study.gave(router, codes).to_numpy(bool)
            todo.append(router)
    if "wave" in survey:
        anything = (answered(study, question) | declared(study, question).notna()).to_numpy()
        held = spec[question].waves or survey["wave"][anything].astype(object).unique()
        led &= survey["wave"].isin(list(held)).to_numpy()
    return led


def answered(study, question: str) -> pd.Series:
    """Who answered a question of the survey; of a question with options, who ticked one or said no to one."""
    survey = study.survey
    columns = [question] if question in survey else [c for c in survey if c.startswith(f"{question}.")]
    return survey[columns].notna().any(axis=1)


def declared(study, question: str) -> pd.Series:
    """The declared missing code that stood in the place of each respondent's answer, None elsewhere."""
    survey, codes = study.survey, study.missing_codes.get(("survey", question))
    held = np.full(len(survey), None, dtype=object) if codes is None else codes.to_numpy(dtype=object)[_kept(study)]
    return pd.Series(held, index=survey.index, dtype=object)


def _kept(study) -> np.ndarray:
    """Who of everyone is in the survey."""
    return _known(study, ("kept",), lambda: (study.everyone["excluded"] == "").to_numpy())


def state(study, question: str, wave: str | None = None) -> pd.Series:
    """What became of a question with each respondent: answered, blank, no answer, never used; None: not asked."""
    words = np.array([*STATES, None], dtype=object)
    return pd.Series(words[_places(study, question, wave)], index=study.survey.index, dtype=object)


def _places(study, question: str, wave: str | None) -> np.ndarray:
    """state() as its place among the STATES, -1 where not asked."""
    there = _known(study, ("state", question), lambda: _state(study, question))
    return np.where(asked(study, question, wave).to_numpy(), there, -1)


def _state(study, question: str) -> np.ndarray:
    """The place among the STATES of what became of a question, where it was asked."""
    never = study.never_used.get(("survey", question))
    found = np.where(declared(study, question).notna(), STATES.index(NO_ANSWER), STATES.index(BLANK))
    if never is not None:
        found[never.to_numpy(bool)] = STATES.index(NEVER)
    found[answered(study, question).to_numpy()] = STATES.index(ANSWERED)
    return found


def state_counts(study, question: str, wave: str | None = None) -> list[int]:
    """How many respondents each of the STATES became of a question with."""
    return np.bincount(_places(study, question, wave) + 1, minlength=len(STATES) + 1)[1:].tolist()


def is_missing(study, question: str, wave: str | None = None) -> pd.Series:
    """1 where a question was left blank or not answered, 0 for an answer or never used, nan where not asked."""
    places = _places(study, question, wave)
    return pd.Series(np.where(places < 0, np.nan, np.isin(places, LACKING)), index=study.survey.index)


def unweighted(study) -> dict:
    """The study's design without its weights: how interviews were drawn."""
    return {name: value for name, value in study.design.items() if name not in ("weights", "calibration")}


def matrix(study, wave: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which questions each respondent left out, and which he was asked: two tables of true and false.

    Questions in the order of study.yml, which is taken to be that of the questionnaire; comments are left out, since
    nobody need write one, and so are respondents who were asked nothing in the wave.
    """
    spec = study.book.tables["survey"].questions
    names = [name for name, question in spec.items() if question.role != "comment"]
    places = {name: _places(study, name, wave) for name in names}
    seen = pd.DataFrame({name: found >= 0 for name, found in places.items()}, index=study.survey.index)
    gone = pd.DataFrame({name: np.isin(found, LACKING) for name, found in places.items()}, index=study.survey.index)
    there, used = seen.any(axis=1), seen.any(axis=0)
    return gone.loc[there, used], seen.loc[there, used]


def share(study, marks: pd.Series, *, confidence=0.95) -> dict:
    """The share of marks of 1 among those of 1 and 0, in percent, with its interval (Wilson) and bases.

    It describes interviews: the design's clusters and strata count, its weights do not.
    """
    return shares_of(study, {"": marks}, confidence=confidence)[""]


def shares_of(study, marks: dict[str, pd.Series], *, confidence=0.95) -> dict[str, dict]:
    """share() of several marks, by their names."""
    if not marks:
        return {}
    rows = shares_by(study, marks, [], confidence=confidence)
    found = rows[["estimate", "low", "high", "se", "n", "n_effective", "method"]].to_dict("records")
    return {name: row | {"unit": "percent"} for name, row in zip(marks, found, strict=True)}


def shares_by(study, marks: dict[str, pd.Series], by: list[str], *, confidence=0.95) -> pd.DataFrame:
    """share() of each of the `marks` in each group of the columns `by`: what by_group() gives, and `marks` (the name).

    One numbering of groups, strata and clusters serves all marks.
    """
    survey = study.survey
    cell, cells, drawn = _known(study, ("cells", *by), lambda: _cells(survey, by, unweighted(study)))
    given = np.column_stack([values.reindex(survey.index).to_numpy(float) for values in marks.values()])
    counts = np.zeros((2 * len(cells), given.shape[1]))  # two rows a cell: marks of 0, and of 1
    for column, values in zip(counts.T, given.T, strict=True):
        there = ~np.isnan(values)
        column += np.bincount(2 * cell[there] + (values[there] == 1), minlength=len(column))
    y = np.where(counts > 0, np.tile([0.0, 100.0], len(cells))[:, None], np.nan)
    domains = linearise(cells.iloc[np.repeat(np.arange(len(cells)), 2)], y, by=by, design=drawn, counts=counts)
    rows = estimates(domains, [0.0, 100.0], cells, y, weighted=False, confidence=confidence)
    rows["marks"] = np.repeat(np.array(list(marks), dtype=object), len(rows) // len(marks))
    return without_small(named(rows, by), 2).reset_index(drop=True)


def _cells(survey: pd.DataFrame, by: list[str], design: dict) -> tuple[np.ndarray, pd.DataFrame, Design]:
    """Each respondent's combination of groups, strata and clusters; these; and the design of two rows for each."""
    keys = list(dict.fromkeys([*by, *(key for part in ("strata", "clusters") for key in as_list(design.get(part)))]))
    if keys:
        cell, cells = celled(survey, keys)
    else:
        cell, cells = np.zeros(len(survey), int), pd.DataFrame(index=[0])
    cells = cells.assign(n=np.bincount(cell, minlength=len(cells)))
    for name in as_list(design.get("fpc")):
        cells[name] = survey[name].groupby(cell).max().to_numpy()
    drawn, twice = design_of(cells, **design), np.repeat(np.arange(len(cells)), 2)
    return cell, cells, replace(drawn, stratum=drawn.stratum[twice], cluster=drawn.cluster[twice])
