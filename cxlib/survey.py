"""The tables of the survey-analysis chapter: a study goes in, tidy frames come out."""

import numpy as np
import pandas as pd

from cxlib import compare, text
from cxlib.errors import CxError, nearest
from cxlib.language import digits, noted, tr
from cxlib.metrics import levels
from cxlib.scores import by_group, shares
from cxlib.weights import design_effect, effective_n


def chosen_wave(study, wave: str = "") -> str | None:
    """The wave of that name, the latest where `wave` is empty, None for a study without waves."""
    if not study.waves:
        if wave:
            raise CxError(f"{study.name} has no waves; wave={wave} names one")
        return None
    if wave and wave not in study.waves:
        raise CxError(f"there is no wave {wave}; the waves are {', '.join(study.waves)}{nearest(wave, study.waves)}")
    return wave or study.waves[-1]


def chosen_segments(study, segments: str = "") -> list[str]:
    """The segments named in a comma-separated list; all of the study's where it is empty."""
    known = study.questions("segment")
    names = [name.strip() for name in segments.split(",") if name.strip()] or known
    for name in names:
        if name not in known:
            raise CxError(f"there is no segment {name}; the segments are {', '.join(known)}{nearest(name, known)}")
    return names


def metrics(study) -> pd.DataFrame:
    """The study's metric questions: name (of the published number), question, label, unit, least and most score."""
    questions = study.questions("metric")
    if not questions:
        raise CxError(f"{study.file}: the survey has no question with `role: metric`")
    kinds = [study.metric(question) for question in questions]
    names = [kind.name for kind in kinds]
    rows = []
    for question, kind in zip(questions, kinds, strict=True):
        alone = names.count(kind.name) == 1
        label = kind.label if alone else f"{kind.label}: {study.label(question)}"
        scores = levels(kind)
        about = (study.text(question), kind.unit, scores[0], scores[-1])
        rows.append((kind.name if alone else question, question, label, *about))
    return pd.DataFrame(rows, columns=["name", "question", "label", "text", "unit", "least", "most"])


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


def _scores(study, question: str, by: list[str], *, design=None, confidence=0.95) -> pd.DataFrame:
    """The question's metric by groups, under the study's design; groups under the minimum base have no estimate."""
    return by_group(
        study.survey,
        study.metric(question),
        by,
        question=question,
        confidence=confidence,
        minimum_base=study.book.minimum_base,
        **(study.design if design is None else design),
    )


def bases(study) -> pd.DataFrame:
    """Who answered, by wave: rows, clusters, strata, and what the weights cost."""
    survey, by = study.survey, ["wave"] if study.waves else []
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


def by_wave(study, *, confidence=0.95, design=None) -> pd.DataFrame:
    """Every metric in every wave, under the study's design: the columns of metrics() beside those of by_group().

    `design` replaces the design: {} takes the answers as a simple random sample.
    """
    frames = []
    for row in metrics(study).itertuples():
        scores = _scores(study, row.question, _waves(study), design=design, confidence=confidence)
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


def headline(study, waves: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """The rows of by_wave() that answer for `wave`: each metric's last answers up to it, with a note where older."""
    if wave is None:
        return waves.assign(note="")
    upto = waves[waves["wave"].map(study.waves.index) <= study.waves.index(wave)]
    rows = upto.groupby("name", sort=False).tail(1)
    return rows.assign(note=[w if w == wave else tr("last asked in {wave}", wave=w) for w in rows["wave"]])


def by_segment(study, wave: str | None, segments: list[str], *, confidence=0.95) -> pd.DataFrame:
    """Every metric in every group of the segments, in one wave; groups under the minimum base have no estimate."""
    frames = []
    for row in metrics(study).itertuples():
        for segment in segments:
            scores = _scores(study, row.question, [*_waves(study), segment], confidence=confidence)
            scores = scores[scores["wave"] == wave] if study.waves else scores
            order = {level: i for i, level in enumerate(study.levels(segment))}
            scores = scores.sort_values(segment, key=lambda column, order=order: column.map(order)).rename(
                columns={segment: "group"}
            )
            frames.append(scores.assign(name=row.name, label=row.label, segment=study.label(segment), unit=row.unit))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["name"])


def sample(study, wave: str | None, segments: list[str]) -> pd.DataFrame:
    """Who answered in a wave: the number in each group, and its share unweighted and weighted, with interval."""
    frames = []
    for segment in segments:
        rows = shares(study.survey, _waves(study), question=segment, answers=study.levels(segment), **study.design)
        rows = rows[(rows["wave"] == wave) & (rows["count"] > 0)] if study.waves else rows
        plain = 100 * rows["count"] / rows["n"]
        frames.append(rows.assign(segment=study.label(segment), unweighted=plain, unit="percent"))
    return pd.concat(frames, ignore_index=True).rename(columns={"answer": "group"}) if frames else pd.DataFrame()


def answers(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """How each metric question was answered in a wave: the share of every answer, with interval, and its score.

    Under the minimum base shares and counts are withheld.
    """
    frames = []
    for row in metrics(study).itertuples():
        score_of = study.metric(row.question).table
        rows = shares(
            study.survey,
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


def changes(study, *, confidence=0.95, design=None) -> pd.DataFrame:
    """Every metric, each wave against the last one before it that asked: difference, interval, test and verdict."""
    if len(study.waves) < 2:
        return pd.DataFrame()
    frames = []
    for row in metrics(study).itertuples():
        change = compare.changes(
            study.survey,
            study.metric(row.question),
            over="wave",
            question=row.question,
            order=study.waves,
            confidence=confidence,
            minimum_base=study.book.minimum_base,
            breaks=breaks(study, row.question),
            **(study.design if design is None else design),
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


def by_mode(study, *, confidence=0.95) -> pd.DataFrame:
    """Every metric by wave and mode of interview; empty where there is only one mode."""
    if len(set(study.modes.values())) < 2:
        return pd.DataFrame()
    frames = []
    for row in metrics(study).itertuples():
        scores = _scores(study, row.question, ["wave", "mode"], confidence=confidence)
        frames.append(scores.assign(label=row.label, unit=row.unit, mode=scores["mode"].str.replace("_", " ")))
    return pd.concat(frames, ignore_index=True)


def designs(study) -> dict[str, dict]:
    """The study's design built up step by step, from a simple random sample to what study.yml declares."""
    full = study.design
    steps = {tr("Simple random sample"): {}}
    parts = [("weights", noted("weights")), ("calibration", noted("raking")), ("clusters", noted("clusters"))]
    parts += [("strata", noted("strata")), ("fpc", noted("finite population"))]
    waves = [] if study.book.tables["survey"].cluster_persists else ["wave"]
    so_far, names = {"strata": waves} if waves else {}, []
    for argument, word in parts:
        if argument in full and (argument != "strata" or full["strata"] != waves):
            so_far, names = so_far | {argument: full[argument]}, [*names, tr(word)]
            steps[text.join(names).capitalize()] = so_far
    return steps


def design_name(study) -> str:
    """The study's full design in words: Weights, clusters and strata."""
    return list(designs(study))[-1]


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


def weighting(study, *, confidence=0.95) -> pd.DataFrame:
    """by_wave() with the unweighted estimate beside the weighted one."""
    keys = ["name", *_waves(study)]
    plain = by_wave(study, confidence=confidence, design={}).rename(columns={"estimate": "unweighted"})
    return by_wave(study, confidence=confidence).merge(plain[[*keys, "unweighted"]], on=keys, validate="one_to_one")
