"""Banner tables: any question by any number of others, tested column against column, with every base."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_uppercase

import numpy as np
import pandas as pd

from cxlib.banner_lines import Line, columns_of, counted, groups_of, lines_of, scored
from cxlib.banner_print import notes, printed
from cxlib.calls import told
from cxlib.corrections import adjust
from cxlib.counts import as_list, columns_in, tallies, tally
from cxlib.design import design_of
from cxlib.differences import contrasts
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.metrics import levels
from cxlib.scores import estimates
from cxlib.shown import Shown
from cxlib.variance import Domains, linearise

CAPITAL, SMALL = 0.05, 0.10  # a corrected p at most so large gives a capital letter (95%), a small one (90%)
REST = noted("the rest")  # what a group of three or more is tested against
CHUNK = 4_000_000  # numbers held in memory at a time
LETTERS = [*ascii_uppercase, *(a + b for a in ascii_uppercase for b in ascii_uppercase)]


@dataclass(frozen=True, repr=False)
class Banner(Shown):
    """A banner table: str() and HTML show it as it is handed over, the frames hold what it is made of.

    cells: a row per line and column: question, line, kind (share, mean, score), unit, banner, group, letter,
    estimate, low, high, se, n, n_weighted, n_effective, method, letters (of the columns that it is significantly
    above), rest (above or below the rest, or empty). bases: a row per question and column: asked, n, n_weighted,
    n_effective (Kish's). tests: a row per comparison: question, line, banner, group, other (a group, or the rest),
    estimate (the difference), low, high, se, t, df, p, p_adjusted. notes: what stands below the table.
    """

    cells: pd.DataFrame
    bases: pd.DataFrame
    tests: pd.DataFrame
    notes: tuple[str, ...]
    minimum_base: int
    weighted: bool

    def to_frame(self) -> pd.DataFrame:
        """The table as it is printed: a row per line and base, a column per group, headed by banner and letter."""
        return printed(self.cells, self.bases, self.minimum_base, self.weighted)

    def to_html(self) -> str:
        """The printed table as HTML, with its notes."""
        return self._repr_html_()


@told
def banner(
    frame,
    rows,
    columns,
    *,
    metrics: Mapping | None = None,
    asked: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    sequence=(),
    weights=None,
    strata=None,
    clusters=None,
    fpc=None,
    calibration=None,
    correction="holm",
    test="t",
    confidence=0.95,
    method="mover",
    minimum_base=30,
) -> Banner:
    """Questions in rows by groups in columns: percentages and means with letters, intervals and bases.

    `frame` is any that tally() takes. `rows` and `columns` name questions: a column, or the prefix of the columns
    question.option of a multi question; columns question.net beside a column are its nets. Text and categories give
    a share a category, whole numbers of at most 11 different values shares and their mean, other numbers the mean.
    `metrics` maps a question to its metric (name or Metric), whose score is added; `asked` maps a question to the
    column of 1 and 0 that says who was asked; `labels` maps names of columns to what is printed.

    Columns of one banner question are tested against each other, pair by pair, and against the rest of them;
    those named in `sequence` (waves) each against the one before. `correction` (holm, bh, none) is for the pairs
    within one row and one banner question. `test` is t (design-based) or z (pooled, on Kish's effective bases).
    `method` is that of the intervals of differences of shares, as in scores.nps().
    Nothing is printed or tested on fewer than `minimum_base` answers. Raises CxError for a banner question of one
    group, and for columns that overlap.

    >>> from cxlib import Study, compare
    >>> study = Study.load("data/demo")
    >>> made = compare.banner(study.survey, "payment", "city", **study.design)
    >>> made.cells[["line", "group", "estimate", "low", "high", "letters"]].round(1).head(3)
       line             group  estimate   low  high letters
    0  Cash             Total      29.6  28.3  30.9
    1  Cash  Ho Chi Minh City      28.4  26.7  30.2
    2  Cash             Hanoi      31.4  29.6  33.4       A
    """
    questions, columns, sequence = as_list(rows), as_list(columns), as_list(sequence)
    labels, asked, metrics = dict(labels or {}), dict(asked or {}), dict(metrics or {})
    _check(questions, columns, sequence, correction)
    labels = _unlike(columns, _unlike(questions, labels))
    design = {"strata": strata, "clusters": clusters, "fpc": fpc, "calibration": calibration}
    present = columns_of(frame)
    lines = [line for name in questions for line in lines_of(frame, present, name, metrics, labels, asked)]
    options = {"test": test, "confidence": confidence, "minimum_base": minimum_base}
    how = {"weighted": weights is not None, "confidence": confidence, "method": method}
    # One pass that refuses weights and columns that cannot be counted with, before the work begins.
    tally(frame, lines[0].source, weights=weights, **design)
    grouped: dict[str, str | None] = {"": None}
    for name in columns:
        frame, grouped[name] = groups_of(frame, name, labels)
    cells, tests = [], []
    for name, batch, domains, found in _estimated(frame, lines, grouped, weights, design, how):
        kept, title = _groups(domains, grouped[name], len(batch)), labels.get(name, name)
        cells.append(_cells(batch, domains, found, kept, title))
        if name and batch[0].kind != "asked":
            tests.append(_tests(batch, domains, found, kept, title, name in sequence, correction, **options))
    cells, bases = _with_letters(_in_place(pd.concat(cells, ignore_index=True), lines), minimum_base)
    tests = _in_place(pd.concat(tests, ignore_index=True), lines)
    cells = _with_marks(cells, tests)
    shown = notes(correction, test, minimum_base, weights is not None, [labels.get(name, name) for name in sequence])
    return Banner(cells, bases, tests, shown, minimum_base, weights is not None)


def _check(questions: list[str], columns: list[str], sequence: list[str], correction: str) -> None:
    for kind, names in (("row", questions), ("column", columns)):
        if not names:
            raise CxError(f"a banner needs at least one question in its {kind}s")
        again = sorted({name for name in names if names.count(name) > 1})
        if again:
            raise CxError(f"{again[0]} stands twice among the {kind}s of the banner")
    stray = sorted(set(sequence) - set(columns))
    if stray:
        raise CxError(f"{stray[0]} is to be compared in its order, but is not among the columns {', '.join(columns)}")
    adjust([], correction)


def _unlike(names: list[str], labels: dict[str, str]) -> dict[str, str]:
    """The labels, in which two questions that are called alike bear their names as well."""
    titles = [labels.get(name, name) for name in names]
    return labels | {n: f"{t} ({n})" for n, t in zip(names, titles, strict=True) if titles.count(t) > 1}


def _estimated(frame, lines: list[Line], grouped: dict, weights, design: dict, how: dict) -> Iterator[tuple]:
    """Lines estimated together: banner question, lines, their Domains, and the frame of estimates.

    A pandas frame is its own tally: all questions are taken from its rows at once. Other engines count question by
    question, and nothing but the counts leaves them.
    """
    for table, some, names in _tables(frame, lines, grouped, weights, design):
        drawn = design_of(table, **design)
        groups = max(1 if grouped[name] is None else table[grouped[name]].nunique() + 1 for name in names)
        width = max(1, CHUNK // max(len(table), 4 * groups * len(drawn.home)))
        for batch in _batches(some, width):
            y = np.column_stack([scored(table, line) for line in batch])
            known = levels(batch[0].metric) if batch[0].metric else [0.0, 100.0] if batch[0].kind == "share" else []
            for name in names:
                domains = linearise(table, y, by=grouped[name], design=drawn)
                found = estimates(domains, known, table, y[:, 0], **how)
                yield name, batch, domains, found


def _tables(frame, lines: list[Line], grouped: dict, weights, design: dict) -> Iterator[tuple]:
    """The frame's rows for all lines and banner questions, or a tally for each pair of columns."""
    if isinstance(frame, pd.DataFrame):
        names = [column for column in grouped.values() if column]
        names += [*(line.source for line in lines), *(line.asked for line in lines if line.asked)]
        names += columns_in(design)
        yield counted(frame, names, weights), lines, list(grouped)
        return
    sources = dict.fromkeys((line.source, line.asked) for line in lines)
    pairs = [(source, name) for source in sources for name in grouped]
    wanted = [(source, [*as_list(grouped[name]), *as_list(asked)]) for (source, asked), name in pairs]
    for (source, name), table in zip(pairs, tallies(frame, wanted, weights=weights, **design), strict=True):
        yield table, [line for line in lines if (line.source, line.asked) == source], [name]


def _batches(lines: list[Line], width: int) -> Iterator[list[Line]]:
    """Lines of a kind together, at most `width`; a metric's score alone, since its interval is of its own kind."""
    for kind in ("share", "mean", "asked"):
        some = [line for line in lines if line.kind == kind]
        yield from (some[i : i + width] for i in range(0, len(some), width))
    yield from ([line] for line in lines if line.kind == "score")


def _groups(domains: Domains, by: str | None, lines: int) -> dict[str, np.ndarray]:
    """The groups' names, and the numbers of their estimates (lines x groups); respondents without a group are none."""
    count = len(domains.keys) // lines
    names = (
        np.array([tr("Total")], dtype=object) if by is None else domains.keys[by].iloc[:count].to_numpy(dtype=object)
    )
    kept = np.flatnonzero(~pd.isna(names))
    return {"names": names[kept].astype(str), "index": np.arange(lines)[:, None] * count + kept}


def _cells(lines: list[Line], domains: Domains, found: pd.DataFrame, groups: dict, name: str) -> pd.DataFrame:
    """The estimates of some lines in the groups of one banner question."""
    index = groups["index"]
    with np.errstate(invalid="ignore"):
        kish = (domains.w**2 / domains.w2)[index].ravel()
    values = found[["estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "deff", "method"]]
    return values.iloc[index.ravel()].assign(
        at=np.repeat(np.array(lines, dtype=object), index.shape[1]),
        banner=name,
        group=np.tile(groups["names"], len(lines)),
        kish=kish,
    )


def _tests(lines, domains: Domains, found, groups: dict, name: str, in_order: bool, correction, **options):
    """Pairs of groups (each with the one before that has answers, where they are `in_order`), and each of three or more
    against the rest."""
    names, index = groups["names"], groups["index"]
    k = len(names)
    if not in_order:
        pairs = list(zip(*np.triu_indices(k, 1), strict=True))
        return _compared(lines, domains, found, names, index, pairs, name, correction, **options)
    # Questions left out different waves: those that left out the same ones are tested together.
    patterns, of_line = np.unique(domains.n[index] > 0, axis=0, return_inverse=True)
    parts = []
    for number, answered in enumerate(patterns):
        some = np.flatnonzero(of_line.ravel() == number)
        pairs = list(pairwise(np.flatnonzero(answered)))
        part = [lines[i] for i in some]
        parts.append(_compared(part, domains, found, names, index[some], pairs, name, correction, **options))
    return pd.concat(parts, ignore_index=True)


def _compared(lines, domains: Domains, found, names, index, pairs, name: str, correction, **options) -> pd.DataFrame:
    """The tests of some lines (`index` numbers their estimates): pairs of groups, and groups against the rest."""
    k = len(names)
    alone = names if k > 2 else names[:0]  # the rest of two groups is the other one
    if not len(pairs) and not len(alone):
        return pd.DataFrame()
    eye = np.eye(k, dtype=bool)
    plus = np.array([*(eye[after] for _, after in pairs), *eye[: len(alone)]])
    minus = np.array([*(eye[before] for before, _ in pairs), *~eye[: len(alone)]])
    effective = found["n_effective"].to_numpy()[index] if lines[0].kind == "share" else None
    width = max(1, CHUNK // (len(plus) * 2 * k))
    parts = []
    for start in range(0, len(lines), width):
        some = slice(start, start + width)
        known = None if effective is None else effective[some]
        parts.append(contrasts(domains, index[some], plus, minus, effective=known, **options))
    arrays = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    # The pairs are a family, the comparisons with the rest another.
    families = np.split(arrays["p"], [len(pairs)], axis=1)
    arrays["p_adjusted"] = np.concatenate([adjust(family, correction) for family in families], axis=1)
    return pd.DataFrame(
        {
            "at": np.repeat(np.array(lines, dtype=object), len(plus)),
            "banner": name,
            "group": np.tile([*(names[after] for _, after in pairs), *alone], len(lines)),
            "other": np.tile([*(names[before] for before, _ in pairs), *[REST] * len(alone)], len(lines)),
            **{key: values.ravel() for key, values in arrays.items()},
        }
    )


def _in_place(rows: pd.DataFrame, lines: list[Line]) -> pd.DataFrame:
    """Rows in the order of the lines, which are named."""
    place = {line: number for number, line in enumerate(lines)}
    names = pd.DataFrame([(i.question, i.label, i.kind, i.unit) for i in lines])
    rows = rows.assign(at=rows["at"].map(place)).sort_values("at", kind="stable", ignore_index=True)
    for number, name in enumerate(("question", "line", "kind", "unit")):
        rows.insert(number, name, names[number].to_numpy()[rows["at"]])
    return rows


def _with_letters(cells: pd.DataFrame, minimum_base: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells with the letters of their columns (groups that nobody is in are left out), and the bases by question."""
    held = cells.groupby(["banner", "group"], sort=False)["n"].transform("max") > 0
    cells = cells[held].reset_index(drop=True)
    columns = dict.fromkeys(_names(cells, "banner", "group"))
    for name in dict.fromkeys(name for name, _ in columns if name):
        groups = [group for banner, group in columns if banner == name]
        if len(groups) < 2:
            raise CxError(f"a banner needs at least two groups with answers; {name} has {len(groups)} ({groups[0]})")
    letter = dict(zip([c for c in columns if c[0]], LETTERS, strict=False))
    cells.insert(6, "letter", [letter.get(c, "") for c in _names(cells, "banner", "group")])
    bases = _bases(cells)
    cells = cells[cells["kind"] != "asked"].drop(columns="kish").reset_index(drop=True)
    cells.loc[cells["n"] < max(minimum_base, 2), ["estimate", "low", "high", "se", "n_effective", "deff"]] = np.nan
    return cells, bases


def _bases(cells: pd.DataFrame) -> pd.DataFrame:
    """Who was asked and who answered a question (of a multi, the option that most answered), in every column."""
    keys = ["question", "banner", "group", "letter"]
    answered = cells[cells["kind"] != "asked"]
    most = answered.loc[answered.groupby(keys, sort=False)["n"].idxmax(), [*keys, "n", "n_weighted", "kish"]]
    asked = cells.loc[cells["kind"] == "asked", [*keys, "n"]].rename(columns={"n": "asked"})
    return most.rename(columns={"kish": "n_effective"}).merge(asked, on=keys, how="left", validate="one_to_one")


def _with_marks(cells: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Cells with the letters of the columns that they are above, and their place to the rest."""
    letters: dict[tuple, list[str]] = {}
    rest: dict[tuple, str] = {}
    letter = {(name, group): mark for name, group, mark in _names(cells, "banner", "group", "letter")}
    for row in tests[tests["p_adjusted"] <= SMALL].itertuples():
        above = row.estimate > 0
        if row.other == REST:
            if row.p_adjusted <= CAPITAL:
                rest[row.at, row.banner, row.group] = "above" if above else "below"
            continue
        winner, loser = (row.group, row.other) if above else (row.other, row.group)
        mark = letter[row.banner, loser]
        letters.setdefault((row.at, row.banner, winner), []).append(mark if row.p_adjusted <= CAPITAL else mark.lower())
    keys = _names(cells, "at", "banner", "group")
    order = {mark: place for place, mark in enumerate(LETTERS)}
    marks = [sorted(letters.get(key, []), key=lambda mark: order[mark.upper()]) for key in keys]
    joined = [("" if all(len(m) == 1 for m in some) else " ").join(some) for some in marks]
    return cells.assign(letters=joined, rest=[rest.get(key, "") for key in keys])


def _names(rows: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rows of some columns as tuples; quicker than going through Arrow's text one by one."""
    return list(zip(*(rows[column].tolist() for column in columns), strict=True))
