"""Profiles: who the customers of a group are, against all others, attribute by attribute.

Any grouping will do: promoters and detractors, who left and who stayed, segments. Shares, means and differences are
those of scores and differences, under the design of the sample. Attributes that formed the groups differ between them
by construction, and are shown without a test.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy import special

from cxlib.banner_lines import GROUPS, Line, columns_of, counted, lines_of, scored
from cxlib.corrections import CORRECTIONS, adjust
from cxlib.counts import GREATEST, as_list, columns_in, tally
from cxlib.design import design_of
from cxlib.differences import TESTS, contrasts
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import estimates
from cxlib.variance import Domains, joint, linearise

KINDS = (
    noted("demographic"),
    noted("geographic"),
    noted("psychographic"),
    noted("behavioural"),
    noted("firmographic"),
    noted("role"),
    noted("channel"),
    noted("other"),
)
LEAST_PEOPLE = 5  # who share an answer; fewer could be identified by it
REST, ALL = noted("the rest"), noted("all")
CHUNK = 4_000_000  # numbers held in memory at a time
NUMBERS = ["share", "low", "high", "se", "n_effective"]
BESIDE = ["total", "index", "index_low", "index_high", "share_other"]
BESIDE += ["difference", "difference_low", "difference_high", "p"]
COLUMNS = ["group", "other", "kind", "name", "attribute", "answer", *NUMBERS[:4], *BESIDE, "p_corrected", "n"]
COLUMNS += ["n_weighted", "n_effective", "n_group", "n_other", "n_total", "base", "unit", "formed", "hidden", "method"]


def profile(
    frame: pd.DataFrame,
    group: str,
    attributes,
    *,
    kinds: Mapping[str, str] | None = None,
    formed_by=(),
    against: str | None = None,
    labels: Mapping[str, str] | None = None,
    bases: Mapping[str, str] | None = None,
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    correction="holm",
    confidence=0.95,
    minimum_base=30,
) -> pd.DataFrame:
    """Each group's share of every answer (of numbers: its mean), beside that of all, and tested against the rest.

    `group` names a column of at most 52 groups; respondents without a group are left out of groups, rest and total,
    though not of the design. `attributes` names questions: a column, one option of a multi question
    (question.option), or the question itself for all its options. Categories have a row an answer, options one each,
    numbers their mean (of only 1 and 0: the share of 1). The rest are all other groups, or the one named `against`.
    `kinds` maps attributes to the parts of a profile (KINDS: demographic, geographic and so on), `labels` columns to
    what is printed, and `bases` attributes to who was asked, in words; the base is who answered.

    `formed_by` names the columns that the groups were made of. They have no p value, and neither has `group` itself;
    bands and nets of such a column are to be named as well.

    Columns: group, other (with whom it is compared), kind, name (of the attribute), attribute, answer, share (percent,
    Wilson interval; of numbers the mean, t interval), low, high, se, total (of all), index (100: as in the total),
    index_low, index_high, share_other, difference (share less share_other), difference_low, difference_high, p,
    p_corrected (over all tested rows of the group), n, n_weighted, n_effective, n_group (with or without an answer),
    n_other, n_total, base, unit, formed, hidden, method.

    Under `minimum_base` answers nothing but bases is given; where the other side is under it, no difference. `hidden`
    marks a row that would tell of fewer than five people (an answer that 1-4 of the group gave, or all but 1-4); where
    it is the only one of its question, the next rarest is hidden too, since the others would tell it. What would tell
    of the other side in that way (total, index, difference) is blank. Three groups or more can still tell of a hidden
    one by subtraction, where all others and the total are published.

    Raises CxError for unknown names, kinds and groups, for text of more than 52 answers (an identifier), for attributes
    that nobody answered, and for options other than 1 and 0. The index has the interval of a ratio to a total that it
    is part of: Taylor linearisation, on the logarithm; Särndal, Swensson and Wretman, Model Assisted Survey Sampling
    (1992), 5.5-5.6. The tests: see cxlib.differences.
    """
    if not isinstance(frame, pd.DataFrame):
        raise CxError(f"a profile is made of a pandas frame; found {type(frame).__name__}")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise CxError(
            f"the table has {frame.columns.tolist().count(twice[0])} columns called {twice[0]}; rename all but one"
        )
    kinds, bases, labels, formed_by = kinds or {}, bases or {}, labels or {}, as_list(formed_by)
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    tally(frame, group, weights=weights, **design)  # refuses weights and columns that cannot be counted with
    _check_words(frame, kinds, formed_by)
    frame = frame.reset_index(drop=True)
    codes, names = _groups(frame, group, against)
    lines = _lines(frame[codes >= 0], as_list(attributes), labels)
    table = counted(frame.assign(_group=codes), ["_group", *columns_in(design)], weights)
    other = ~np.eye(len(names), dtype=bool) & [against in (None, name) for name in names]
    options = {"confidence": confidence, "minimum_base": minimum_base}
    found = _estimated(frame, table, codes, lines, other, design_of(table, **design), weights is not None, options)
    people, least = found.pop("people"), max(minimum_base, 2)
    small, hidden = found["n"] < least, _hidden(people, found["n"], lines)
    _blank(found, [*NUMBERS, *BESIDE], small | hidden)
    _blank(found, BESIDE, _hidden(people @ other.T, found["n_other"], lines))
    formed = np.array([not {line.question, line.source}.isdisjoint([*formed_by, group]) for line in lines])
    _blank(found, ["p"], np.broadcast_to(formed[:, None], small.shape))
    found |= {"hidden": hidden & ~small, "formed": np.broadcast_to(formed[:, None], small.shape)}
    found["p_corrected"] = adjust(found["p"].T, correction).T
    found["n_group"] = np.broadcast_to(np.bincount(codes[codes >= 0], minlength=len(names)), small.shape)
    rows = _described(lines, names, against, kinds, bases, labels)
    rows = rows.assign(**{name: values.T.ravel() for name, values in found.items()})
    return rows.assign(method=_methods(rows, correction))[COLUMNS]


def side(name: str) -> str:
    """With whom a group is compared, as it is printed: another group bears its own name."""
    return tr(REST) if name == REST else name


def _groups(frame: pd.DataFrame, group: str, against: str | None) -> tuple[np.ndarray, list[str]]:
    """The number of each respondent's group (-1: none), and the groups' names, in the column's order."""
    found = pd.Categorical(frame[group]).remove_unused_categories()
    names = [f"{name:g}" if isinstance(name, float) else str(name) for name in found.categories]
    if not names:
        raise CxError(f"a profile needs at least one group; nobody is in one of {group}")
    if len(names) > GROUPS:
        raise CxError(f"a profile has at most {GROUPS} groups; {group} has {len(names)}, e.g. {names[0]}")
    if against is not None and against not in names:
        raise CxError(f"there is no group {against} of {group} to compare with{nearest(against, names)}")
    return found.codes.astype(int), names


def _lines(frame: pd.DataFrame, attributes: list[str], labels: dict[str, str]) -> list[Line]:
    """The rows of a group's profile."""
    if not attributes:
        raise CxError("a profile needs at least one attribute")
    for name in attributes:
        whole = name.partition(".")[0]
        if attributes.count(name) > 1 or (whole != name and whole in attributes):
            raise CxError(f"an attribute stands in a profile once; {name} is named twice, or with its question")
    present = columns_of(frame)
    return [line for name in attributes for line in _lines_of(frame, present, name, labels)]


def _lines_of(frame: pd.DataFrame, present: list[str], name: str, labels: dict[str, str]) -> list[Line]:
    """An attribute's rows: the answers that occur, the options, the share of 1 where there are 1 and 0, or the mean."""
    question, _, option = name.partition(".")
    for column in present:
        if column.partition(".")[0] == question:
            _check_column(frame[column])
    if name in present and _is_yes_or_no(frame[name]):
        lines = [Line(question, labels.get(name, option) if option else "1", "share", "percent", name, answer=1)]
    else:
        # The question's own label is printed beside its name, not in place of it.
        lines = lines_of(frame, present, name, {}, {k: v for k, v in labels.items() if k != name}, {})
        numeric = any(line.kind == "mean" for line in lines)
        lines = [line for line in lines if line.kind == "mean" or line.source != name
                 or (not numeric and (frame[name] == line.answer).any())]  # fmt: skip
    if len(lines) > GROUPS:
        example = f"{name} has {len(lines)}, e.g. {lines[0].label}"
        raise CxError(
            f"an attribute has at most {GROUPS} answers (bands of it may serve, an identifier not); {example}"
        )
    if not lines or frame[[line.source for line in lines]].isna().all(axis=None):
        raise CxError(f"nobody answered {name}; an attribute without answers has no place in a profile")
    return lines


def _is_yes_or_no(answers: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(answers) and answers.notna().any() and answers.dropna().isin([0, 1]).all()


def _check_column(answers: pd.Series) -> None:
    """Raise a CxError for answers that cannot be counted."""
    answers, column = answers.dropna(), answers.name
    if answers.dtype == object and len({isinstance(answer, str) for answer in answers}) > 1:
        raise CxError(
            f"answers are text or something else, not both; column {column} holds {answers.iloc[0]!r} and more"
        )
    bad, rule = answers[:0], ""
    if "." in column:
        bad, rule = answers[~answers.isin([0, 1])], "options of a question are 1 (chosen) or 0"
    elif pd.api.types.is_float_dtype(answers):
        bad, rule = answers[answers.abs() > GREATEST], f"numbers must lie within {GREATEST:g} of 0"
    if len(bad):
        raise CxError(f"{rule}; {len(bad)} are not, e.g. {bad.iloc[0]} (column {column})")


def _check_words(frame: pd.DataFrame, kinds: Mapping[str, str], formed_by: list[str]) -> None:
    for name, kind in kinds.items():
        if kind not in KINDS:
            raise CxError(f"kinds of attributes are {', '.join(KINDS)}; {name} is called {kind}{nearest(kind, KINDS)}")
    known = columns_of(frame)
    known += [column.partition(".")[0] for column in known]
    for name in formed_by:
        if name not in known:
            raise CxError(f"formed_by names columns of the table; {name} is not one{nearest(name, known)}")


def _estimated(frame, table, codes, lines: list[Line], other, drawn, weighted: bool, options: dict) -> dict:
    """Arrays of lines x groups: the estimates of each group, of all and of the other side, with their difference."""
    k, parts, places = len(other), [], []
    groups = len(np.unique(codes))  # with those who have none
    width = max(1, CHUNK // max(len(table), 4 * groups * len(drawn.home)))
    for some in _batches(lines, width):
        batch = [lines[i] for i in some]
        y = np.column_stack([scored(frame, line) for line in batch])
        y[codes < 0] = np.nan
        domains, shares = linearise(table, y, by="_group", design=drawn), batch[0].kind == "share"
        index = np.arange(len(batch))[:, None] * groups + (groups - k) + np.arange(k)
        rows = estimates(domains, [0.0, 100.0] if shares else [], table, y[:, 0], weighted=weighted,
                         confidence=options["confidence"]).rename(columns={"estimate": "share"})  # fmt: skip
        part = {name: rows[name].to_numpy()[index] for name in (*NUMBERS, "n", "n_weighted", "method")}
        effective = part["n_effective"] if shares else None
        tests = contrasts(domains, index, np.eye(k, dtype=bool), other, effective=effective, **options)
        part |= {"difference": tests["estimate"], "difference_low": tests["low"], "difference_high": tests["high"]}
        part |= {"p": tests["p"], "share_other": part["share"] - tests["estimate"], "n_other": part["n"] @ other.T}
        part |= _beside_total(domains, index, options["confidence"])
        members = (codes[:, None] == np.arange(k)).astype(float)
        part["people"] = (y == 100).T.astype(float) @ members if shares else np.full(index.shape, np.nan)
        parts.append(part)
        places.extend(some)
    order = np.argsort(places)
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _batches(lines: list[Line], width: int) -> Iterator[list[int]]:
    """The numbers of lines of a kind together, at most `width`."""
    for kind in ("share", "mean"):
        some = [i for i, line in enumerate(lines) if line.kind == kind]
        yield from (some[i : i + width] for i in range(0, len(some), width))


def _beside_total(domains: Domains, index: np.ndarray, confidence: float) -> dict[str, np.ndarray]:
    """The total and its base, and each group's index with an interval on the logarithm, of lines x groups."""
    w, ratio, k = domains.w[index], np.nan_to_num(domains.ratio[index]), index.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = w / w.sum(axis=1, keepdims=True)
        total = (part * ratio).sum(axis=1, keepdims=True)
        # The parts may add up to 1 but for rounding: where all groups are at 100%, so is the total, and no more.
        total = np.clip(total, ratio.min(axis=1, keepdims=True), ratio.max(axis=1, keepdims=True))
        value = np.where((total > 0) & (domains.ratio[index] >= 0), ratio / total, np.nan)
        # The group's residuals less the total's, whose centre is the total and not each group's own estimate.
        own = np.eye(k) - value[..., None] * part[:, None, :]
        moved = -value[..., None] * (part * (ratio - total))[:, None, :]
        combined = np.nan_to_num(np.concatenate([own, moved], axis=-1) / total[..., None])
        variation = joint(domains, index)
        se = np.sqrt(np.maximum(((combined @ variation.covariance) * combined).sum(axis=-1), 0.0))
        df = np.where(variation.whole > 0, variation.whole, np.nan)[:, None]
        half = special.stdtrit(df, 0.5 + confidence / 2) * se / np.where(value > 0, value, np.nan)
        bounds = {"index_low": 100 * value * np.exp(-half), "index_high": 100 * value * np.exp(half)}
    counts = np.broadcast_to(domains.n[index].sum(axis=1, keepdims=True), index.shape)
    return {"total": np.broadcast_to(total, index.shape).copy(), "index": 100 * value, **bounds, "n_total": counts}


def _hidden(people: np.ndarray, n: np.ndarray, lines: list[Line]) -> np.ndarray:
    """Which numbers (lines x sides) tell of fewer than LEAST_PEOPLE; `people` gave the answer, of n (means: nan)."""
    few = [(some > 0) & (some < LEAST_PEOPLE) for some in (n, people, n - people)]
    few = few[0] | few[1] | few[2]
    for source in {line.source for line in lines}:
        rows = np.array([i for i, line in enumerate(lines) if line.source == source])
        for side in np.flatnonzero(few[rows].sum(axis=0) == 1):
            # The only one hidden would be what the others leave of 100.
            left = np.where(few[rows, side] | (people[rows, side] == 0), np.inf, people[rows, side])
            if np.isfinite(left.min()):
                few[rows[np.argmin(left)], side] = True
    return few


def _blank(found: dict[str, np.ndarray], names: list[str], where: np.ndarray) -> None:
    for name in names:
        found[name][where] = np.nan


def _described(lines: list[Line], names: list[str], against, kinds, bases, labels) -> pd.DataFrame:
    """What each row is about, group by group."""
    rows = pd.DataFrame(
        {
            "kind": [kinds.get(line.source, kinds.get(line.question, "other")) for line in lines],
            "name": [line.question for line in lines],
            "attribute": [labels.get(line.question, line.question) for line in lines],
            "answer": [line.label for line in lines],
            "base": [bases.get(line.source, bases.get(line.question, ALL)) for line in lines],
            "unit": [line.unit for line in lines],
        }
    )
    rows = pd.concat([rows] * len(names), ignore_index=True)
    rows.insert(0, "group", np.repeat(names, len(lines)))
    rows.insert(1, "other", np.where(rows["group"] == against, "", against or (REST if len(names) > 1 else "")))
    return rows


def _methods(rows: pd.DataFrame, correction: str) -> list[str]:
    """How each row was computed, and why it has no number or test."""
    hidden = tr("hidden: fewer than {n} people", n=LEAST_PEOPLE)
    formed = tr("formed the groups: not tested")
    called = CORRECTIONS[correction].partition(":")[0]
    tested = tr("difference: {test}; {correction}", test=tr(TESTS["t"]), correction=called)
    return [
        "; ".join(
            [
                row.method,
                *([hidden] if row.hidden else []),
                *([formed] if row.formed else [] if np.isnan(row.p) else [tested]),
            ]
        )
        for row in rows.itertuples()
    ]
