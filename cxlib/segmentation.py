"""Segments of customers: what they are made of, how large they are, what sets them apart, and which one a new customer
belongs to.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

from cxlib.errors import CxError
from cxlib.latent_classes import LatentClasses, memberships
from cxlib.segment_cards import CARD, EVERYONE, cards, in_words, names
from cxlib.segment_number import COLUMNS, SegmentNumber
from cxlib.segment_variables import Variable, code, levels_of
from cxlib.shown import Shown
from cxlib.weights import effective_n

FORMAT, VERSION = "cx segmentation", 1
SIZES = ["estimate", "low", "high", "se", "df", "n", "n_effective", "stability"]
FRAMES = ("choices", "decisions", "sizes", "cards")
ARRAYS = ("shares", "means", "sds")


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation(Shown):
    """Segments 1 to k, the largest first; k = 1 where there are none, and `verdict` then says why.

    `choices` has a row a number of segments that was tried, `decisions` one a decision about a variable. `sizes` is by
    segment: estimate, low, high, se (percent of all, weighted), df, n (who most likely belong there), n_effective,
    stability (0-1). `cards` has a row a segment and answer, as segment_cards.cards() says.
    `names` are suggested from what sets a segment apart. `members` (1 to k; 0: answered nothing) and `probabilities`
    (n x k) are of the rows that the segments were made of; a loaded segmentation has neither.
    """

    variables: tuple[Variable, ...]
    model: LatentClasses
    choices: pd.DataFrame
    decisions: pd.DataFrame
    sizes: pd.DataFrame
    cards: pd.DataFrame
    names: tuple[str, ...]
    verdict: str | None
    seed: int
    labels: Mapping[str, str] = field(default_factory=dict)
    members: np.ndarray | None = field(default=None)
    probabilities: np.ndarray | None = field(default=None)

    @property
    def k(self) -> int:
        """The number of segments; 1 where there are none."""
        return self.model.k

    def assign(self, new) -> pd.DataFrame:
        """The segment of each row of `new`: segment (0: nothing answered), name, probability, and p1 to pk.

        A variable whose column is absent counts as missing; one at least must be there. Raises CxError for an answer
        that none of the segmentation's respondents gave, and for text in the place of a number.
        """
        codes, numbers = code(self.variables, new)
        index = new.index if isinstance(new, pd.DataFrame) else pd.RangeIndex(len(codes))
        members, probabilities = _placed(self.model, codes, numbers)
        likely = np.where(members > 0, probabilities.max(axis=1, initial=0.0), np.nan)
        called = np.array(["", *self.names], object)[members]
        frame = pd.DataFrame({"segment": members, "name": called, "probability": likely}, index=index)
        return frame.assign(**{f"p{i}": p for i, p in enumerate(probabilities.T, 1)})

    def save(self, path) -> None:
        """Write the segmentation as JSON: the model and its tables, and nothing of a single respondent."""
        decisions = self.decisions.assign(example="")  # examples are answers of single respondents
        model = {name: value for name, value in vars(self.model).items() if name not in (*ARRAYS, "categories")}
        model |= {name: getattr(self.model, name).tolist() for name in ARRAYS}
        model["categories"] = [part.tolist() for part in self.model.categories]
        found = {"format": FORMAT, "version": VERSION, "seed": self.seed, "verdict": self.verdict}
        found |= {"names": list(self.names), "labels": dict(self.labels)}
        found |= {"variables": [_finite(vars(variable)) for variable in self.variables], "model": model}
        found |= {name: _columns(getattr(self, name)) for name in FRAMES} | {"decisions": _columns(decisions)}
        text = json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False, default=lambda value: value.item())
        try:
            Path(path).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CxError(f"the segmentation cannot be written to {path}: {error.strerror}") from None

    @classmethod
    def load(cls, path) -> "Segmentation":
        """The segmentation that save() wrote; CxError for a file that holds none."""
        try:
            found = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise CxError(f"the segmentation {path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise CxError(f"{path} is no segmentation: it is not JSON in UTF-8 ({error})") from None
        except RecursionError:
            raise CxError(f"{path} is a damaged segmentation: its brackets are nested too deep") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise CxError(f"{path} is no segmentation: it lacks `format: {FORMAT}`")
        if found.get("version") != VERSION:
            raise CxError(f"{path} is of version {found.get('version')}; this workbook reads version {VERSION}")
        try:
            return _sound(_read(found))
        except KeyError as error:
            raise CxError(f"{path} is a damaged segmentation: it lacks {error}") from None
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise CxError(f"{path} is a damaged segmentation: {error}") from None


def segmented(answers, variables, decisions, found: SegmentNumber, *, weights, labels, seed: int) -> Segmentation:
    """The segmentation of these answers by the model that was chosen."""
    codes, numbers = code(variables, answers, strict=False)
    members, probabilities = _placed(found.model, codes, numbers)
    card = cards(variables, answers, codes, numbers, probabilities, weights)
    return Segmentation(
        variables=tuple(variables),
        model=found.model,
        choices=found.choices,
        decisions=decisions,
        sizes=_sizes(found, members, probabilities, weights),
        cards=card,
        names=names(in_words(card, variables), found.model.k, labels),
        verdict=found.verdict,
        seed=seed,
        labels=labels,
        members=members,
        probabilities=probabilities,
    )


def nobody(rows: int, why: str, seed: int) -> Segmentation:
    """No segments of so many rows, since there is nothing to form them from."""
    model = LatentClasses(np.ones(1), (), np.zeros((1, 0)), np.ones((1, 0)), np.nan, 0, rows, True, 0, 0)
    sizes = pd.DataFrame(
        {
            "estimate": 100.0,
            "low": 100.0,
            "high": 100.0,
            "se": 0.0,
            "n": rows,
            "n_effective": rows,
            "df": np.inf,
            "stability": np.nan,
        },
        index=pd.RangeIndex(1, 2, name="segment"),
    )
    return Segmentation(
        variables=(),
        model=model,
        choices=pd.DataFrame(columns=COLUMNS),
        decisions=pd.DataFrame(columns=["variable", "rows", "decision", "example"]),
        sizes=sizes,
        cards=pd.DataFrame(columns=CARD),
        names=(EVERYONE,),
        verdict=why,
        seed=seed,
        members=np.zeros(rows, int),
        probabilities=np.ones((rows, 1)),
    )


def _placed(model: LatentClasses, codes: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most likely segment of each row, 0 where it holds no answer, and the probability of each."""
    if not len(codes):
        return np.empty(0, int), np.empty((0, model.k))
    probabilities = memberships(model, codes, numbers)
    answered = (codes >= 0).any(axis=1) | ~np.isnan(numbers).all(axis=1)
    return np.where(answered, probabilities.argmax(axis=1) + 1, 0), probabilities


def _sizes(found: SegmentNumber, members: np.ndarray, probabilities: np.ndarray, weights) -> pd.DataFrame:
    """Shares of the weighted memberships in percent, with the t interval of their replicates, on logits."""
    k, w = found.model.k, np.asarray(weights, float)
    share = w @ probabilities / w.sum()
    n = np.bincount(members, minlength=k + 1)[1:]
    frame = pd.DataFrame({"estimate": 100 * share, "n": n}, index=pd.RangeIndex(1, k + 1, name="segment"))
    if k == 1:
        whole = {"low": 100.0, "high": 100.0, "se": 0.0, "df": np.inf, "n_effective": effective_n(w)}
        return frame.assign(**whole, stability=np.nan)[SIZES]
    se = np.std(found.share_replicates, axis=0, ddof=1)
    spread = share * (1 - share)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = special.stdtrit(found.degrees_of_freedom, 0.975) * se / spread
        low, high = (special.expit(special.logit(share) + side * half) for side in (-1, 1))
        effective = np.where(se > 0, spread / se**2, np.nan)
    frame = frame.assign(low=100 * low, high=100 * high, se=100 * se, n_effective=effective)
    # Thirty samples tell no more than two digits of a stability; the next ones are the processor's.
    return frame.assign(df=found.degrees_of_freedom, stability=found.stability.round(2))[SIZES]


def _finite(values: dict) -> dict:
    """Infinite limits as null, which JSON has."""
    return {name: None if value in (np.inf, -np.inf) else value for name, value in values.items()}


def _columns(frame: pd.DataFrame) -> dict[str, list]:
    """A frame as lists by column, null where nothing stands or what stands there is infinite."""
    return {name: [None if pd.isna(v) or v == np.inf else v for v in frame[name].tolist()] for name in frame}


def _frame(columns: dict[str, list]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    blank = [name for name in frame if len(frame) and frame[name].isna().all()]
    return frame.astype(dict.fromkeys(blank, float))


def _read(found: dict) -> Segmentation:
    """The segmentation of a file's content."""
    limits = {"low": -np.inf, "high": np.inf}
    variables = []
    for values in found["variables"]:
        values = {name: limits.get(name) if value is None else value for name, value in values.items()}
        values |= {name: tuple(values[name]) for name in ("levels", "edges", "rare")}
        variables.append(_checked(Variable(**values)))
    model = found["model"] | {name: np.array(found["model"][name], float) for name in ARRAYS}
    k, count = len(model["shares"]), sum(variable.kind == "number" for variable in variables)
    model |= {name: model[name].reshape(k, count) for name in ("means", "sds")}
    model["categories"] = tuple(np.array(part, float) for part in model["categories"])
    frames = {name: _frame(found[name]) for name in FRAMES}
    frames["sizes"]["df"] = frames["sizes"]["df"].fillna(np.inf)
    frames["sizes"].index = pd.RangeIndex(1, len(frames["sizes"]) + 1, name="segment")
    return Segmentation(
        tuple(variables),
        LatentClasses(**model),
        **frames,
        names=tuple(found["names"]),
        verdict=found["verdict"],
        seed=found["seed"],
        labels=found["labels"],
    )


def _checked(variable: Variable) -> Variable:
    """The same, if its fields are of their kinds; ValueError where not."""
    names, name = (*variable.levels, *variable.rare), variable.name
    if not isinstance(name, str) or variable.kind not in ("category", "number"):
        raise ValueError(f"a variable is a category or a number with a name; found {name}, {variable.kind}")
    if not all(isinstance(level, str) for level in names) or len(set(names)) < len(names):
        raise ValueError(f"answers to {name} must be texts, each once")
    numbers = (variable.center, variable.scale, variable.low, variable.high, *variable.edges)
    if any(isinstance(x, bool) or not isinstance(x, (int, float)) or np.isnan(x) for x in numbers):
        raise ValueError(f"center, scale, limits and edges of {name} must be numbers")
    if not 0 < variable.scale < np.inf or abs(variable.center) == np.inf:
        raise ValueError(f"the center of {name} must be finite, and its scale above 0")
    if list(variable.edges) != sorted(set(variable.edges)) or not variable.low < variable.high:
        raise ValueError(f"edges and limits of {name} must rise")
    if variable.edges and len(variable.levels) != len(variable.edges) + 1:
        raise ValueError(f"{name} has {len(variable.levels)} bands and {len(variable.edges)} edges")
    if not isinstance(variable.log, bool) or not isinstance(variable.unlisted, bool):
        raise ValueError(f"log and unlisted of {name} must be true or false")
    return variable


def _sound(found: Segmentation) -> Segmentation:
    """The same, if its parts fit together; ValueError where not."""
    model, k = found.model, found.k
    shapes = [part.shape for part in model.categories]
    if shapes != [(k, levels) for levels in levels_of(found.variables)]:
        raise ValueError("the chances of its classes do not fit its variables")
    if not k or len(found.names) != k or len(found.sizes) != k:
        raise ValueError(f"it has {k} classes, {len(found.names)} names and {len(found.sizes)} sizes")
    for kind, texts in (("segments", found.names), ("variables", [variable.name for variable in found.variables])):
        if not all(isinstance(text, str) for text in texts) or len(set(texts)) < len(texts):
            raise ValueError(f"the names of its {kind} must be texts, each once")
    parts = [model.shares, *(row for part in model.categories for row in part)]
    if not all((part >= 0).all() and abs(part.sum() - 1) < 1e-6 for part in parts):
        raise ValueError("shares and chances do not add up to 1")
    if not (model.sds > 0).all() or not np.isfinite(model.means).all():
        raise ValueError("means must be finite and standard deviations above 0")
    return found
