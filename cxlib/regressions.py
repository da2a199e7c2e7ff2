"""What the metric-regressions chapter explains and by what: an outcome, its drivers, and the respondents of a wave."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cxlib.errors import CxError, nearest
from cxlib.metrics import Metric
from cxlib.shown import Shown
from cxlib.survey import chosen_wave, metrics

ANSWERS_A_DRIVER = 5


@dataclass(frozen=True, repr=False)
class Regression(Shown):
    """An outcome, its drivers and the respondents of a wave that the chapter looks at.

    `metric` scores the outcome; None where the outcome has two groups, of which `event` is the modelled one (code 1 of
    1 and 0, else the second in the codebook). `numeric` are the drivers that are numbers. `frame` holds the wave's
    respondents, `design` names its columns. `left_out` are the questions of role driver whose
    answers are all alike in the wave, or that nobody answered. `linked` keeps the answers that were followed to
    customers, by the days after them (worth.py).
    """

    study: object
    outcome: str
    metric: Metric | None
    event: str
    drivers: list[str]
    wave: str | None
    frame: pd.DataFrame
    design: dict
    confidence: float
    left_out: tuple[str, ...] = ()
    linked: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def too_few(self) -> int:
        """How many answers models would need, where a part of a study has fewer; else 0.

        At least the minimum base, and five a driver: with fewer a model fits the answers at hand and says nothing of
        others, or cannot be fitted at all.
        """
        if self.study.part is None:
            return 0
        needed = max(self.study.book.minimum_base, ANSWERS_A_DRIVER * len(self.drivers))
        return needed if self.frame[self.outcome].notna().sum() < needed else 0

    @property
    def numeric(self) -> list[str]:
        """The drivers that are numbers or ratings."""
        return [name for name in self.drivers if pd.api.types.is_numeric_dtype(self.frame[name])]

    @property
    def label(self) -> str:
        """What the outcome is called: the metric (with its question, if others measure it too), or the event."""
        if self.metric is None:
            return f"{self.study.label(self.outcome)}: {self.event}"
        return metrics(self.study).set_index("question").loc[self.outcome, "label"]

    @property
    def unit(self) -> str:
        """What effects are counted in."""
        return self.metric.unit if self.metric else "percent"


def regression(study, *, outcome: str = "", drivers: str = "", wave: str = "", confidence: float = 0.95) -> Regression:
    """The outcome (empty: the first metric), the drivers (empty: all that were asked) and the wave (empty: the latest
    in which the outcome was asked).

    Raises CxError for an outcome that is neither a metric nor a question of two groups, or does not vary in the wave;
    for drivers that are no questions, the outcome itself, or fewer than one; and for a confidence outside 0-1.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    found = study.questions("metric")
    if not (outcome or found):
        raise CxError(f"{study.file}: the survey has no question with `role: metric`; name an outcome of two groups")
    outcome = outcome or found[0]
    known = [*study.book.tables["survey"].questions, *study.questions("segment")]
    if outcome not in known:
        raise CxError(f"there is no question {outcome} to explain{nearest(outcome, known)}")
    wave, asked = _of_wave(study, outcome, wave)
    metric, event, asked = _outcome(study, asked, outcome, f" in {wave}" if wave else "")
    names, left_out = _drivers(study, asked, drivers, outcome)
    # A category that nobody has in this wave would be a term without anybody.
    groups = [name for name in names if isinstance(asked[name].dtype, pd.CategoricalDtype)]
    asked = asked.assign(**{name: asked[name].cat.remove_unused_categories() for name in groups})
    return Regression(study, outcome, metric, event, names, wave, asked, study.design, confidence, left_out)


def _of_wave(study, outcome: str, wave: str) -> tuple[str | None, pd.DataFrame]:
    """The wave, by default the latest in which the outcome was asked, and its respondents."""
    survey = study.survey
    if outcome not in survey:
        raise _neither(study, outcome)
    answered = survey[outcome].notna()
    known = [w for w in study.waves if (answered & (survey["wave"].astype(str) == w)).any()]
    chosen = chosen_wave(study, wave or (known[-1] if known else ""))
    asked = survey if chosen is None else survey[survey["wave"].astype(str) == chosen]
    if not asked[outcome].notna().any() and study.part is None:
        where = f" in {chosen}; it was in {', '.join(known) or 'no wave'}" if chosen else "; nobody has an answer to it"
        raise CxError(f"{outcome} was not asked{where}")
    return chosen, asked


def _neither(study, outcome: str, has: str = "") -> CxError:
    return CxError(
        f"an outcome is a metric or a question of two groups; {outcome} is neither{has}; the metrics are "
        f"{', '.join(study.questions('metric')) or 'none'}"
    )


def _outcome(study, frame: pd.DataFrame, outcome: str, where: str) -> tuple[Metric | None, str, pd.DataFrame]:
    """The metric of the outcome, or the event of two groups, whose column then holds 1 and 0."""
    answers = frame[outcome].dropna()
    alike = answers.nunique() == 1 and study.part is None  # of a part that is a matter of few answers
    if outcome in study.questions("metric"):
        if alike:
            raise CxError(
                f"an outcome must vary; all {len(answers):,} answers to {outcome}{where} are {answers.iloc[0]:g}"
            )
        return study.metric(outcome), "", frame
    if not isinstance(answers.dtype, pd.CategoricalDtype):
        raise _neither(study, outcome)
    groups = [group for group in answers.cat.categories if (answers == group).any()]
    if alike:
        raise CxError(f"an outcome must vary; all {len(answers):,} answers to {outcome}{where} are {groups[0]}")
    if len(groups) != 2:
        raise _neither(study, outcome, f", it has {len(groups)} groups{where}")
    event = _event(study, outcome, groups)
    coded = (frame[outcome] == event).astype(float).where(frame[outcome].notna())
    return None, event, frame.assign(**{outcome: coded})


def _event(study, outcome: str, groups: list[str]) -> str:
    """Which of two groups is modelled: that of code 1 where the codes are 1 and 0, else the second of the codebook."""
    question = study.book.tables["survey"].questions.get(outcome)
    codes = {study.book.words(text): code for code, text in question.labels.items()} if question else {}
    by_code = {codes.get(group): group for group in groups}
    return by_code["1"] if set(by_code) == {"0", "1"} else groups[-1]


def _drivers(study, frame: pd.DataFrame, names: str, outcome: str) -> tuple[list[str], tuple[str, ...]]:
    """The drivers named, else all of role driver with different answers in the wave, and those without."""
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    known = [name for role in ("driver", "number", "single", "segment", "metric") for name in study.questions(role)]
    for name in chosen:
        if name not in known or name not in frame:
            raise CxError(f"there is no driver {name}; there are {', '.join(known)}{nearest(name, known)}")
        if name == outcome:
            raise CxError(f"{name} is the outcome and cannot be one of its drivers")
        if chosen.count(name) > 1:
            raise CxError(f"a driver counts once; {name} is named {chosen.count(name)} times")
    if chosen:
        return chosen, ()
    asked = [name for name in study.questions("driver") if name != outcome]
    found = [name for name in asked if frame[name].nunique() > 1]
    if not found and asked and study.part is not None:
        return asked, ()
    if not found:
        raise CxError(f"{study.file}: no question with `role: driver` has different answers in this wave")
    return found, tuple(name for name in asked if name not in found)


def drivers_table(case: Regression) -> pd.DataFrame:
    """Who answered each driver: label, n, mean (weighted), never_used (said that they never used it), blank."""
    rows, column = [], case.design.get("weights")
    weights = case.frame[column] if column else pd.Series(1.0, index=case.frame.index)
    for name in case.drivers:
        answers = case.frame[name]
        unused = case.study.never_used.get(("survey", name))
        never = int(unused.reindex(case.frame.index, fill_value=False).sum()) if unused is not None else 0
        given = int(answers.notna().sum())
        weighed = weights[answers.notna()].sum()
        mean = (answers * weights).sum() / weighed if name in case.numeric and weighed > 0 else np.nan
        about = {"driver": name, "label": case.study.label(name), "n": given, "mean": mean, "never_used": never}
        rows.append(about | {"blank": len(answers) - given - never})
    return pd.DataFrame(rows)


def waves_of(case: Regression) -> dict:
    """The waves of the study's improvement as its chart takes them."""
    given = case.study.book.improvement
    before, after = (given.before, given.after) if given is not None and given.group else ("", "")
    return {"before": before, "after": after, "order": case.study.waves}


def chosen_segment(case: Regression, name: str = "") -> str:
    """The segment to compare by: as named, else the first of the study's `banner:` that is one and not in the model;
    empty without any."""
    known = [n for n in case.study.questions("segment") if n not in (case.outcome, *case.drivers)]
    return name or next((n for n in case.study.book.banner if n in known), "")
