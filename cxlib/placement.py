"""The typing tool: the few questions that place a customer in a persona, and the points that their answers earn.

A persona's points for an answer are the logarithm of the answer's chance within it, rounded to whole numbers: whoever
adds up the points of all answers, and the points that each persona starts with, has the persona that the answers make
likeliest. A question that is not answered earns nothing; of options that may be ticked, none then counts as ticked.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special

from cxlib.calibration import fixed, without
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.latent_classes import memberships
from cxlib.metrics import Metric
from cxlib.scores import by_group
from cxlib.segment_numbers import plain, printed, rounded
from cxlib.segment_variables import OTHER, code
from cxlib.shown import Shown

POINTS = 4  # more, where an answer is e (2.72) times as likely
GAIN = 0.5  # percentage points of agreement: a question that adds less is not asked
BANDS = 5  # of a number, so that it can be ticked
LEAST_CHANCE = 1e-4  # of an answer within a persona: what never happened in the sample may happen once
START, AGREES = "start", Metric("agrees", "Placed as by all questions", (0, 1), {1: 100}, "percent")


@dataclass(frozen=True, repr=False)
class Placement(Shown):
    """The questions of a short form, its points, and how often it agrees with all questions together.

    `points`: question, variable, answer, tick (an option that may be ticked, not one of several answers), and a column
    of whole numbers a persona, p1, p2 …; the first row is what each persona starts with. `accuracy`, a row a number
    of questions: questions, added, estimate (percent of held-out people placed as by all questions), low, high, se, n,
    n_weighted, n_effective, method; the chosen form is its last row.
    """

    questions: tuple[str, ...]
    points: pd.DataFrame
    accuracy: pd.DataFrame
    names: tuple[str, ...]
    edges: dict[str, tuple[float, ...]]

    @property
    def columns(self) -> list[str]:
        """The columns of `points` that hold the personas' points; names could be those of other columns."""
        return _columns(len(self.names))

    def place(self, answers: pd.DataFrame) -> pd.DataFrame:
        """The persona that the points of each row's answers make likeliest, and how likely it is.

        Columns: segment (1, 2 …), name, probability (0-1), answered (of the form's questions). Answers bear
        the names of the variables and the words of the form; numbers are numbers. Raises CxError for answers that are
        not on the form, with their number and an example, and where no question of the form is there.
        """
        rows = self.points.iloc[1:]
        variables = [name for name in dict.fromkeys(rows["variable"]) if name in answers]
        if not variables:
            raise CxError(f"the form asks {', '.join(self.questions)}; the answers hold none of these")
        total = np.tile(self.points.iloc[0][self.columns].to_numpy(float), (len(answers), 1))
        answered = pd.DataFrame(False, index=answers.index, columns=list(self.questions))
        for name in variables:
            part = rows[rows["variable"] == name].reset_index(drop=True)
            found = self._found(name, answers[name], part)
            earned = np.vstack([part[self.columns].to_numpy(float), np.zeros(len(self.names))])
            if part["tick"].iloc[0]:
                # What not ticking it earns stands in what the personas start with.
                total += np.where((found == 1)[:, None], earned[0], 0.0)
            else:
                total += earned[found]
            answered[part["question"].iloc[0]] |= found >= 0
        chance = special.softmax(total / POINTS, axis=1)
        best = chance.argmax(axis=1)
        return pd.DataFrame(
            {
                "segment": best + 1,
                "name": np.array(self.names, dtype=object)[best],
                "probability": chance.max(axis=1),
                "answered": answered.sum(axis=1).to_numpy(),
            },
            index=answers.index,
        )

    def _found(self, name: str, given: pd.Series, part: pd.DataFrame) -> np.ndarray:
        """The line of the form that each answer is, -1 where there is none; of a tick 1, 0 or -1."""
        known, rule = given.notna().to_numpy(), f"answers to {name} are those of the form"
        if name in self.edges:
            numbers = pd.to_numeric(given.astype(object), errors="coerce").to_numpy(float, na_value=np.nan)
            found, rule = _banded(numbers, self.edges[name]), f"answers to {name} are numbers"
        else:
            words = ["0", "1"] if part["tick"].iloc[0] else list(part["answer"])
            found = pd.Index(words).get_indexer(given.astype(object).map(_word, na_action="ignore"))
            rule = f"answers to {name} are 1 (ticked) or 0" if part["tick"].iloc[0] else rule
        unknown = known & (found < 0)
        if unknown.any():
            raise CxError(
                f"{rule}; {unknown.sum():,} are not, e.g. {given[unknown].iloc[0]} in row {1 + int(np.argmax(unknown))}"
            )
        return found


def short_form(frame: pd.DataFrame, segmentation, *, most: int = 6, seed=0, confidence=0.95, **design) -> Placement:
    """The questions, at most so many, whose points place people as all questions do, chosen one after the other.

    Half of the people choose the questions, the other half tells how often the form agrees. `design` (weights, strata,
    clusters) names columns; calibrated weights are taken as fixed, since neither half meets the margins. A question of
    many options (touchpoints.web, touchpoints.app …) is one question. Raises CxError without segments, and for `most`
    under 1.
    """
    if segmentation.k < 2:
        raise CxError("there are no segments to place anybody in")
    if most < 1:
        raise CxError(f"a form has one question or more; found {most}")
    lines = _lines(frame, segmentation)
    full = memberships(segmentation.model, *code(segmentation.variables, frame)).argmax(axis=1)
    weight = frame[design["weights"]].to_numpy(float) if design.get("weights") else np.ones(len(frame))
    half = np.random.default_rng(seed).permutation(len(frame)) < len(frame) // 2
    told = np.any([line.found >= 0 for line in lines], axis=0)  # who answered nothing is placed by nobody
    weight = np.where(told, weight, 0.0)
    questions = list(dict.fromkeys(line.question for line in lines))
    earned = {q: sum(line.earned() for line in lines if line.question == q) for q in questions}
    base = np.rint(POINTS * np.log(segmentation.model.shares))
    chosen, best, rows = [], 0.0, []
    total = np.tile(base, (len(frame), 1))
    while len(chosen) < min(most, len(questions)):
        rest = [q for q in questions if q not in chosen]
        hits = {
            q: np.average((total + earned[q]).argmax(axis=1)[half] == full[half], weights=weight[half]) for q in rest
        }
        name = max(rest, key=lambda q: hits[q])
        if chosen and hits[name] < best + GAIN / 100:
            break
        chosen, best, total = [*chosen, name], hits[name], total + earned[name]
        agrees = np.where(told, total.argmax(axis=1) == full, np.nan)
        held = frame[~half].assign(**{".agrees": agrees[~half]})
        found = by_group(held, AGREES, [], question=".agrees", confidence=confidence, minimum_base=2, **without(design))
        found["method"] += fixed(design)
        rows.append(found.assign(questions=len(chosen), added=name))
    kept = [line for line in lines if line.question in chosen]
    kept.sort(key=lambda line: chosen.index(line.question))
    return Placement(
        tuple(chosen),
        _points(kept, base),
        pd.concat(rows, ignore_index=True),
        tuple(segmentation.names),
        {line.variable: line.edges for line in kept if line.edges},
    )


def as_printed(form: Placement, case) -> dict:
    """The form as it is printed: title, personas, what each starts with, and by question its answers and points.

    `case` (people.People) tells how questions and options are worded. Keys: title, names, start, questions (each text,
    many (any number of answers may be ticked), answers (label, points)), accuracy (the last row of Placement.accuracy).
    """
    study, rows = case.study, form.points.iloc[1:]
    questions = []
    for name in form.questions:
        part = rows[rows["question"] == name]
        asked = study.text(name, case.table) if name in study.book.tables[case.table].questions else ""
        labels = [
            case.option(variable) if tick else _printed(answer, banded=variable in form.edges)
            for variable, answer, tick in part.iloc[:, 1:4].to_numpy()
        ]
        points = part[form.columns].to_numpy().tolist()
        answers = [{"label": label, "points": earned} for label, earned in zip(labels, points, strict=True)]
        text = asked or study.label(name, case.table)
        questions.append({"text": text, "many": bool(part["tick"].any()), "answers": answers})
    start = list(form.points.iloc[0][form.columns])
    title = study.book.words(study.book.title)
    last = form.accuracy.iloc[-1].to_dict()
    return {"title": title, "names": form.names, "start": start, "questions": questions, "accuracy": last}


def _printed(answer: str, *, banded: bool) -> str:
    """An answer of the form as it is printed: the bands of numbers, and the rare answers put together, in words."""
    if banded:
        return printed(answer)
    return tr(OTHER) if answer == OTHER else answer


# ---- the points of one variable ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """One variable on the form: its answers, the points of each (answers x k), and each row's answer (-1: none)."""

    question: str
    variable: str
    answers: list[str]
    tick: bool
    points: np.ndarray
    unticked: np.ndarray
    found: np.ndarray
    edges: tuple[float, ...] = ()

    def earned(self) -> np.ndarray:
        """The points of every row, n x k."""
        if self.tick:
            return np.where((self.found == 1)[:, None], self.points[0], 0.0) + self.unticked
        return np.vstack([self.points, np.zeros(self.points.shape[1])])[self.found]


def _lines(frame: pd.DataFrame, segmentation) -> list[_Line]:
    """The variables as lines of a form."""
    model, lines, category, number = segmentation.model, [], 0, 0
    codes, numbers = code(segmentation.variables, frame)
    for variable in segmentation.variables:
        question, _, option = variable.name.partition(".")
        if variable.kind == "number":
            given = frame[variable.name].to_numpy(float)
            given = given[(given >= variable.low) & (given <= variable.high)]
            edges, inner = _edges(variable, given)
            chance = np.diff(_below(inner, model.means[:, number], model.sds[:, number]), axis=0)
            found = np.where(np.isnan(numbers[:, number]), -1, _banded(frame[variable.name].to_numpy(float), edges))
            lines.append(
                _line(question, variable.name, _band_names(edges, whole=(given % 1 == 0).all()), chance, found, edges)
            )
            number += 1
            continue
        chance, found = model.categories[category].T, codes[:, category]
        category += 1
        if option and set(variable.levels) == {"0", "1"}:
            logs = np.rint(POINTS * np.log(np.maximum(chance, LEAST_CHANCE)))
            no, yes = (logs[variable.levels.index(level)] for level in ("0", "1"))
            ticked = np.where(found < 0, -1, found == variable.levels.index("1"))
            lines.append(_Line(question, variable.name, [option], True, (yes - no)[None], no, ticked))
        else:
            edges = tuple(variable.edges)
            lines.append(_line(question, variable.name, list(variable.levels), chance, found, edges))
    return lines


def _line(question, variable, answers, chance, found, edges=()) -> _Line:
    points = np.rint(POINTS * np.log(np.maximum(chance, LEAST_CHANCE)))
    return _Line(question, variable, answers, False, points, np.zeros(points.shape[1]), found, tuple(edges))


def _points(lines: list[_Line], base: np.ndarray) -> pd.DataFrame:
    """The form: points as they are printed, from 0 up, since only differences between personas count."""
    start = base + sum((line.unticked for line in lines), np.zeros(len(base)))
    rows = [(START, START, "", False, *(start - start.min()).astype(int))]
    for line in lines:
        for answer, points in zip(line.answers, line.points, strict=True):
            rows.append((line.question, line.variable, answer, line.tick, *(points - points.min()).astype(int)))
    return pd.DataFrame(rows, columns=["question", "variable", "answer", "tick", *_columns(len(base))])


def _columns(k: int) -> list[str]:
    return [f"p{i}" for i in range(1, k + 1)]


def _edges(variable, given: np.ndarray) -> tuple[tuple[float, ...], np.ndarray]:
    """Where a number is cut so that it can be ticked, in round figures, and the same on the scale of the model."""
    edges = rounded(np.quantile(given, np.arange(1, BANDS) / BANDS), given, given)
    edges = tuple(np.unique(edges).tolist())
    inner = np.log1p(edges) if variable.log else np.array(edges)
    return edges, (inner - variable.center) / variable.scale


def _below(edges: np.ndarray, means: np.ndarray, sds: np.ndarray) -> np.ndarray:
    """Chance of a number below each edge, from none to all: edges + 2 x k."""
    inner = special.ndtr((edges[:, None] - means) / sds)
    return np.vstack([np.zeros(len(means)), inner, np.ones(len(means))])


def _banded(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """The band of each number, an edge belonging to the band above; -1 where there is no number."""
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))


def _word(answer) -> str:
    """An answer as the form writes it: 1, 1.0 and "1" are one."""
    return plain(answer) if isinstance(answer, (int, float, np.number)) else str(answer)


def _band_names(edges: tuple[float, ...], *, whole: bool) -> list[str]:
    """What the bands are called, so that every number has one place: <920, 920-1399, ≥1400; 1.5 to <2 of fractions."""

    def name(low: float, high: float) -> str:
        if not whole:
            return f"{plain(low)} to <{plain(high)}"
        dash = " to " if low < 0 else "-"
        return f"{plain(low)}{dash}{plain(high - 1)}" if high - low > 1 else plain(low)

    return [f"<{plain(edges[0])}", *(name(low, high) for low, high in pairwise(edges)), f"≥{plain(edges[-1])}"]
