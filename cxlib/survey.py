"""The tables of the survey-analysis chapter: a study goes in, tidy frames come out."""

from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from cxlib import compare, filters, intervals, text
from cxlib.calls import told
from cxlib.counts import Coded, tally
from cxlib.design import DRAWN, Design, design_of
from cxlib.errors import CxError, nearest
from cxlib.language import digits, noted, tr
from cxlib.metrics import kind_of, levels
from cxlib.offered import offered
from cxlib.scores import of_tally, shares
from cxlib.suppression import in_list, of_place, withhold
from cxlib.weights import design_effect, effective_n

__all__ = [
    "all_breaks",
    "answers",
    "bases",
    "breaks",
    "by_design",
    "by_mode",
    "by_segment",
    "by_wave",
    "changes",
    "chosen_segments",
    "chosen_wave",
    "definitions",
    "design_name",
    "designs",
    "differences",
    "filter_in_words",
    "headline",
    "interval_method",
    "last_change",
    "looked_at",
    "metrics",
    "sample",
    "unweighted",
    "waves_of",
    "weighted_head",
    "weighting",
]
__getattr__, __dir__ = offered(__name__, __all__)

# What a study's survey was counted to, by question and groups: a study does not change, and waves, changes and segments
# under any confidence are computed from the same counts.
_TALLIES: WeakKeyDictionary = WeakKeyDictionary()


def looked_at(study, *, only: str = "", weighted: bool = True):
    """The study as a chapter looks at it: those alone who pass the filter `only`, with or without weights.

    See Study.only() and Study.unweighted(); the defaults leave the study as it is.
    """
    study = study if weighted else study.unweighted()
    return study.only(only)


def interval_method(study, name: str = "") -> str:
    """The method of intervals for differences of shares (NPS): the one named, mover where the name is empty.

    Raises CxError for a name that is none. Shares and means have one method each, which stays.
    """
    if name and name not in intervals.DIFFERENCE:
        known = list(intervals.DIFFERENCE)
        raise CxError(f"interval_method is one of {', '.join(known)}; found {name}{nearest(name, known)}")
    return name or next(iter(intervals.DIFFERENCE))


def differences(study) -> list[str]:
    """The labels of the metrics that are differences of shares, whose intervals have a choice of methods."""
    return [row.label for row in metrics(study).itertuples() if _kind(study, row.question) == "difference"]


def _kind(study, question: str) -> str:
    return kind_of(levels(study.metric(question)))


def waves_of(study) -> list[str]:
    """The waves, in order, in which somebody answered of those whom the study looks at."""
    if study.domain is None:
        return study.waves
    there = set(study.survey.loc[study.domain, "wave"].astype(str)) if study.waves else set()
    return [wave for wave in study.waves if wave in there]


@told
def chosen_wave(study, wave: str = "") -> str | None:
    """The wave of that name, the latest where `wave` is empty, None for a study without waves.

    The latest is the last in which somebody answered of those whom the study looks at (Study.only()).
    """
    if not study.waves:
        if wave:
            raise CxError(f"{study.name} has no waves; wave={wave} names one")
        return None
    if wave and wave not in study.waves:
        raise CxError(f"there is no wave {wave}; the waves are {', '.join(study.waves)}{nearest(wave, study.waves)}")
    there = waves_of(study)
    if wave and wave not in there:
        named = "; ".join(study.filters)
        raise CxError(f"nobody passes the filter {named} in wave {wave}; the waves in question are {', '.join(there)}")
    return wave or (there or study.waves)[-1]


@told
def chosen_segments(study, segments: str = "") -> list[str]:
    """The segments named in a comma-separated list; all of the study's where it is empty."""
    known = study.questions("segment")
    names = [name.strip() for name in segments.split(",") if name.strip()] or known
    for name in names:
        if name not in known:
            raise CxError(f"there is no segment {name}; the segments are {', '.join(known)}{nearest(name, known)}")
    return names


@told
def metrics(study, question: str = "") -> pd.DataFrame:
    """The study's metric questions: name (of the published number), question, label, unit, least and most score.

    `question` names one of them; it is called as it is among all.

    >>> from cxlib import Study, survey
    >>> survey.metrics(Study.load("data/demo"))[["name", "question", "unit"]]
       name      question     unit
    0   nps     recommend   points
    1  csat  satisfaction  percent
    2   ces          ease    score
    """
    questions = study.questions("metric")
    if not questions:
        raise CxError(f"{study.file}: the survey has no question with `role: metric`")
    kinds = [study.metric(each) for each in questions]
    names, labels = [kind.name for kind in kinds], [kind.label for kind in kinds]
    rows = []
    for each, kind in zip(questions, kinds, strict=True):
        alone = names.count(kind.name) == 1
        # Two metrics of the study's own may be called the same.
        label = kind.label if labels.count(kind.label) == 1 else f"{kind.label}: {study.label(each)}"
        scores = levels(kind)
        about = (study.text(each), kind.unit, scores[0], scores[-1])
        rows.append((kind.name if alone else each, each, label, *about))
    frame = pd.DataFrame(rows, columns=["name", "question", "label", "text", "unit", "least", "most"])
    if question and question not in questions:
        listed = ", ".join(questions)
        raise CxError(f"{question} measures no metric; the metrics are {listed}{nearest(question, questions)}")
    return frame[frame["question"] == question] if question else frame


@told
def definitions(study) -> pd.DataFrame:
    """What each metric question asks, and what its answers score."""
    rows = []
    for row in metrics(study).itertuples():
        metric = study.metric(row.question)
        if metric.scores == "mean":
            scored = tr("mean of the answers {low}-{high}", low=metric.scale[0], high=metric.scale[1])
        else:
            answers = pd.Series(metric.table)
            steps = levels(metric)[::-1]
            parts = [f"{_span(answers.index[answers == level])}: {digits(f'{level:g}')}" for level in steps]
            scored = tr("mean score; {scores}", scores=", ".join(parts))
        rows.append((row.label, row.text, scored))
    return pd.DataFrame(rows, columns=["label", "text", "scored"])


def _span(answers) -> str:
    """Neighbouring answers as a range: 0-6; others one by one: 1, 5."""
    first, last = min(answers), max(answers)
    whole = len(answers) == last - first + 1 and len(answers) > 1
    return f"{first}-{last}" if whole else ", ".join(map(str, answers))


def _scores(study, question: str, by: list[str], *, design=None, confidence=0.95, method="mover") -> pd.DataFrame:
    """The question's metric by groups, under the study's design; groups under the minimum base have no estimate."""
    table, drawn, weighted = _tallied(study, question, by, design)
    return of_tally(
        table,
        study.metric(question),
        by,
        question=question,
        design=drawn,
        weighted=weighted,
        confidence=confidence,
        method=method,
        minimum_base=study.book.minimum_base,
        frame=study.survey,
    )


def _tallied(study, question: str, by: list[str], design: dict | None) -> tuple[pd.DataFrame, Design, bool]:
    """A tally of the survey, its design (None: the study's own), and whether it is weighted; made once."""
    how = study.design if design is None else design
    kept, key = _TALLIES.setdefault(study, {}), (question, *by, str(how))  # a design is names of columns alone
    if key not in kept:
        table = tally(study.counted, question, by=by, **how)
        drawn = design_of(table, **{part: name for part, name in how.items() if part != "weights"})
        kept[key] = table, drawn, "weights" in how
    return kept[key]


@told
def bases(study) -> pd.DataFrame:
    """Who answered, by wave: rows, clusters, strata, and what the weights cost; of those whom the study looks at."""
    if isinstance(study.counted, Coded):
        return _bases_of_all(study)
    survey, by = study.survey if study.domain is None else study.survey[study.domain], _waves(study)
    groups = survey.groupby("wave", observed=True) if by else [("all", survey)]
    rows = []
    for wave, part in groups:
        row = {"wave": wave, "rows": len(part)}
        if "stratum" in survey:
            row["strata"] = part["stratum"].nunique()
        if "cluster" in survey:
            blank = int(part["cluster"].isna().sum())
            row["clusters"] = part["cluster"].nunique() + blank if blank < len(part) else None
        if "weight" in survey:
            row |= {
                "n_weighted": part["weight"].sum(),
                "n_effective": effective_n(part["weight"]),
                "kish": design_effect(part["weight"]),
            }
        if "mode" in survey:
            row["mode"] = text.join([str(m) for m in part["mode"].dropna().unique()])
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame if by else frame.drop(columns="wave")


def shown_bases(study, frame: pd.DataFrame) -> pd.DataFrame:
    """bases() as they are published: of a named place no wave with 1 to 4 respondents, nor one that would tell them."""
    if not of_place(study):
        return frame
    return withhold(frame, in_list(frame["rows"]), ["rows", "n_weighted", "n_effective", "kish", "clusters"])


def _bases_of_all(study) -> pd.DataFrame:
    """bases() of a large survey, from a tally of its whole design."""
    keys = [key for key in ("stratum", "cluster", "mode") if key in study.survey]
    by, weights = _waves(study), study.design.get("weights")
    table = tally(study.counted, (keys or by or study.questions("metric"))[0], by=[*by, *keys], weights=weights)
    rows = []
    for wave, part in table.groupby("wave", observed=True) if by else [("all", table)]:
        row = {"wave": wave, "rows": part["n"].sum()}
        if "stratum" in keys:
            row["strata"] = part["stratum"].nunique()
        if "cluster" in keys:
            blank = int(part.loc[part["cluster"].isna(), "n"].sum())
            row["clusters"] = part["cluster"].nunique() + blank if blank < row["rows"] else None
        if weights is not None:
            effective = part["w"].sum() ** 2 / part["w2"].sum()
            row |= {"n_weighted": part["w"].sum(), "n_effective": effective, "kish": row["rows"] / effective}
        if "mode" in keys:
            row["mode"] = text.join([str(m) for m in part["mode"].dropna().unique()])
        rows.append(row)
    frame = pd.DataFrame(rows)
    if not by:
        return frame.drop(columns="wave")
    return frame.sort_values("wave", key=lambda waves: waves.map(study.waves.index), ignore_index=True)


@told
def by_wave(study, *, question="", confidence=0.95, method="mover", design=None) -> pd.DataFrame:
    """Every metric in every wave, under the study's design: the columns of metrics() beside those of by_group().

    `question` asks for one metric alone. `method` is that of the intervals of differences of shares. `design` replaces
    the design: {} takes the answers as a simple random sample.

    >>> from cxlib import Study, survey
    >>> waves = survey.by_wave(Study.load("data/demo"))
    >>> waves.loc[waves["name"] == "nps", ["wave", "estimate", "low", "high", "n"]].round(1)
          wave  estimate   low  high     n
    0  2025-H1      29.5  24.1  34.7  1957
    1  2025-H2      19.1  13.2  24.8  1957
    2  2026-H1      35.8  30.2  41.0  1969
    3  2026-H2      45.8  40.1  51.0  1963
    """
    frames = []
    for row in metrics(study, question).itertuples():
        scores = _scores(study, row.question, _waves(study), design=design, confidence=confidence, method=method)
        about = {"name": row.name, "label": row.label, "unit": row.unit, "least": row.least, "most": row.most}
        frames.append(scores.assign(**about))
    frame = pd.concat(frames, ignore_index=True)
    if study.waves:
        frame["wave"] = frame["wave"].astype(str)
        place = frame["wave"].map(study.waves.index)
        frame = frame.iloc[np.lexsort([place, pd.factorize(frame["name"])[0]])].reset_index(drop=True)
    return frame


def _waves(study) -> list[str]:
    return ["wave"] if study.waves else []


@told
def headline(study, waves: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """The rows of by_wave() that answer for `wave`: each metric's last answers up to it, with a note where older.

    The note also says whom the study looks at, where it is not everybody.
    """
    whom = "" if study.domain is None else filter_in_words(study)
    if wave is None:
        return waves.assign(note=whom)
    upto = waves[waves["wave"].map(study.waves.index) <= study.waves.index(wave)]
    rows = upto.groupby("name", sort=False).tail(1)
    notes = [w if w == wave else tr("last asked in {wave}", wave=w) for w in rows["wave"]]
    return rows.assign(note=[f"{note}; {whom}" if whom else note for note in notes])


def filter_in_words(study) -> str:
    """Whom the study looks at, as its filters say: City is Hanoi; Sex is Female. Empty where it is everybody."""
    return "; ".join(filters.in_words(study, filters.conditions(study.whole, said)) for said in study.filters)


@told
def by_segment(
    study, wave: str | None, segments: list[str], *, question="", confidence=0.95, method="mover"
) -> pd.DataFrame:
    """Every metric in every group of the segments, in one wave; groups under the minimum base have no estimate.

    `question` and `method` as in by_wave().
    """
    frames = []
    for row in metrics(study, question).itertuples():
        for segment in segments:
            scores = _scores(study, row.question, [*_waves(study), segment], confidence=confidence, method=method)
            scores = scores[scores["wave"] == wave] if study.waves else scores
            order = {level: i for i, level in enumerate(study.levels(segment))}
            scores = scores.sort_values(segment, key=lambda column, order=order: column.map(order)).rename(
                columns={segment: "group"}
            )
            scores = scores.assign(name=row.name, label=row.label, segment=study.label(segment), unit=row.unit)
            frames.append(_of_place(study, segment, scores, "n", ["n", "n_weighted", "n_effective"]))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["name"])


def _of_place(study, segment: str, rows: pd.DataFrame, count: str, bases: list[str]) -> pd.DataFrame:
    """The rows of one segment; of named places without counts of 1 to 4, those that would tell them, and what rests on
    any of them."""
    if not of_place(study, segment):
        return rows
    out = in_list(rows[count])
    return withhold(withhold(rows, out, bases), out & rows["estimate"].notna(), ["estimate", "low", "high", "se"])


@told
def sample(study, wave: str | None, segments: list[str]) -> pd.DataFrame:
    """Who answered in a wave: the number in each group, and its share unweighted and weighted, with interval."""
    frames = []
    for segment in segments:
        rows = shares(study.counted, _waves(study), question=segment, answers=study.levels(segment), **study.design)
        rows = rows[(rows["wave"] == wave) & (rows["count"] > 0)] if study.waves else rows
        plain = 100 * rows["count"] / rows["n"]
        rows = rows.assign(segment=study.label(segment), unweighted=plain, unit="percent")
        frames.append(_of_place(study, segment, rows, "count", ["count", "unweighted"]))
    return pd.concat(frames, ignore_index=True).rename(columns={"answer": "group"}) if frames else pd.DataFrame()


@told
def answers(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """How each metric question was answered in a wave: the share of every answer, with interval, and its score.

    Under the minimum base shares and counts are withheld.
    """
    frames = []
    for row in metrics(study).itertuples():
        score_of = study.metric(row.question).table
        rows = shares(
            study.counted,
            _waves(study),
            question=row.question,
            answers=list(score_of),
            confidence=confidence,
            **study.design,
        )
        rows = (rows[rows["wave"] == wave] if study.waves else rows).astype({"count": float})
        rows.loc[rows["n"] < study.book.minimum_base, ["estimate", "low", "high", "count"]] = np.nan
        frames.append(rows.assign(name=row.name, label=row.label, score=rows["answer"].map(score_of), unit="percent"))
    return pd.concat(frames, ignore_index=True)


@told
def changes(study, *, question="", confidence=0.95, design=None) -> pd.DataFrame:
    """Every metric, each wave against the last one before it that asked: difference, interval, test and verdict.

    `question` and `design` as in by_wave().
    """
    if len(study.waves) < 2:
        return pd.DataFrame()
    frames = []
    for row in metrics(study, question).itertuples():
        table, drawn, _ = _tallied(study, row.question, ["wave"], design)
        change = compare.changes_of(
            table,
            study.metric(row.question),
            over="wave",
            question=row.question,
            design=drawn,
            order=study.waves,
            confidence=confidence,
            minimum_base=study.book.minimum_base,
            breaks=breaks(study, row.question),
            frame=study.survey,
        )
        frames.append(change.assign(name=row.name, label=row.label, unit=row.unit))
    return pd.concat(frames, ignore_index=True)


def breaks(study, question: str) -> dict[str, str]:
    """The waves from which on a question was asked in another way than before, and what changed."""
    found = study.book.tables["survey"].questions[question].breaks
    return {wave: study.book.words(reason) for wave, reason in found.items()}


def all_breaks(study) -> dict[str, dict[str, str]]:
    """breaks() of every metric that has any, by the metric's label."""
    found = {row.label: breaks(study, row.question) for row in metrics(study).itertuples()}
    return {label: waves for label, waves in found.items() if waves}


@told
def by_mode(study, *, confidence=0.95, method="mover") -> pd.DataFrame:
    """Every metric by wave and mode of interview; empty where there is only one mode."""
    if len(set(study.modes.values())) < 2:
        return pd.DataFrame()
    frames = []
    for row in metrics(study).itertuples():
        scores = _scores(study, row.question, ["wave", "mode"], confidence=confidence, method=method)
        frames.append(scores.assign(label=row.label, unit=row.unit, mode=scores["mode"].str.replace("_", " ")))
    return pd.concat(frames, ignore_index=True)


@told
def designs(study) -> dict[str, dict]:
    """The study's design built up step by step, from a simple random sample to what study.yml declares."""
    full = study.design
    steps = {tr("Simple random sample"): {}}
    parts = [("weights", noted("weights")), ("calibration", noted("raking")), ("clusters", noted("clusters"))]
    parts += [("strata", noted("strata")), ("fpc", noted("finite population"))]
    waves = [] if study.persists else ["wave"]
    strata, names = full.get("strata", []), []
    own = [key for key in strata if key != DRAWN]
    so_far = {"strata": waves if own != waves else strata} if waves or (strata and not own) else {}
    for argument, word in parts:
        if argument in full and (argument != "strata" or own != waves):
            so_far, names = so_far | {argument: full[argument]}, [*names, tr(word)]
            steps[text.join(names).capitalize()] = so_far
    return steps


@told
def design_name(study) -> str:
    """The study's full design in words: Weights, clusters and strata."""
    return list(designs(study))[-1]


@told
def by_design(study, wave: str, *, confidence=0.95) -> pd.DataFrame:
    """The last change of every metric up to `wave` under each design: how far the verdict depends on that choice.

    Columns: name, label, design, before, after, value_before, se_before, value_after, se_after, and those of changes().
    """
    frames = []
    for name, design in designs(study).items():
        rows = changes(study, confidence=confidence, design=design)
        if rows.empty:
            return rows.assign(p=[], name=[])
        rows = last_change(study, rows, wave)
        waves = by_wave(study, confidence=confidence, design=design)
        for side in ("before", "after"):
            values = waves.rename(columns={"estimate": f"value_{side}", "se": f"se_{side}", "wave": side})
            rows = rows.merge(values[["name", side, f"value_{side}", f"se_{side}"]], on=["name", side], how="left")
        frames.append(rows.assign(design=name))
    frame = pd.concat(frames, ignore_index=True)
    return frame.iloc[np.argsort(pd.factorize(frame["name"])[0], kind="stable")].reset_index(drop=True)


def last_change(study, rows: pd.DataFrame, wave: str) -> pd.DataFrame:
    """Of changes(), each metric's last one up to `wave`."""
    if rows.empty:
        return rows
    upto = rows["after"].map(study.waves.index) <= study.waves.index(wave)
    return rows[upto].groupby("name", sort=False).tail(1)


def weighted_head(study) -> str:
    """What a column of estimates is called beside one without weights."""
    return noted("Weighted") if study.weighted else noted("Estimate")


@told
def weighting(study, *, question="", confidence=0.95, method="mover") -> pd.DataFrame:
    """by_wave() with the unweighted estimate beside the weighted one."""
    rows = by_wave(study, question=question, confidence=confidence, method=method)
    return rows.merge(unweighted(study, question=question), validate="one_to_one")


def unweighted(study, *, question="") -> pd.DataFrame:
    """Every metric in every wave as if nobody were weighted: name, wave, unweighted."""
    rows = by_wave(study, question=question, design={}).rename(columns={"estimate": "unweighted"})
    return rows[["name", *_waves(study), "unweighted"]]
