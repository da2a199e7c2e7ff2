"""Who answered, against the population, and what the weights do to every metric."""

import numpy as np
import pandas as pd

from cxlib.answer_states import unweighted
from cxlib.counts import columns_in
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.margin_cells import BETWEEN, NO_ANSWER, sampled
from cxlib.margins import populations
from cxlib.part_rows import margins_of
from cxlib.reweighted import difference
from cxlib.scores import shares
from cxlib.survey import by_wave, metrics

PLAIN, START, FINAL = noted("unweighted"), noted("starting weights"), noted("weights")
COLUMNS = ["margin", "label", "level", "count", "estimate", "low", "high", "se", "n", "n_effective", "start",
           "weighted", "population", "gap", "gap_sample", "outside", "unit", "method"]  # fmt: skip


def who(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """The sample's make-up in a wave, unweighted and weighted, against each margin of the population.

    With `margins:` in study.yml a row is a level of a margin (after joining, where the survey is raked); without, a
    group of a segment, with no population. Columns: margin, label, level, count (respondents), estimate (percent of the
    sample, unweighted), low, high (Wilson, under the design without its weights), se, n (with a known level),
    n_effective, start (percent under the starting weights), weighted (under the final ones; nan without weights),
    population (percent), gap (weighted less population), gap_sample (estimate less population), outside (whether the
    population lies outside low and high), unit, method. Only chance is in the interval: it does not say why a group is
    short.
    """
    frames = [
        _composition(study, wave, name, label, levels, order, population, confidence)
        for name, label, levels, order, population in _margins(study, wave)
    ]
    return pd.concat(frames, ignore_index=True)[COLUMNS] if frames else pd.DataFrame(columns=COLUMNS)


def _margins(study, wave: str | None):
    """Each margin's name, label, level of every respondent, order of levels, and population by level in percent."""
    if study.raked is not None:
        yield from _raked(study, wave)
        return
    survey = study.survey
    margins = margins_of(study)
    for of, given in margins.items():
        names = (of,) if isinstance(of, str) else of
        groups, by = (study.waves, "wave") if study.waves else ([None], None)
        try:
            known = populations(names, given, groups, by=by)[groups.index(wave) if study.waves else 0].shares
        except CxError as error:
            raise CxError(f"{study.file}: {error}") from None
        sample = sampled(survey, names)
        texts = np.array([BETWEEN.join(level) for level in sample.levels] + [None], dtype=object)
        order = sorted(dict.fromkeys([*sample.levels, *known]), key=lambda level, s=sample: _place(level, s.order))
        population = {BETWEEN.join(level): 100 * share for level, share in known.items()}
        label = BETWEEN.join(map(study.label, names))
        yield "_".join(names), label, texts[sample.codes], list(map(BETWEEN.join, order)), population
    if not margins:
        for name in study.questions("segment"):
            yield name, study.label(name), survey[name].astype(object).to_numpy(), study.levels(name), {}


def _place(level: tuple[str, ...], order: list[list[str]]) -> list[int]:
    """Where a level stands among the answers of each column; what the sample does not have comes last."""
    return [
        answers.index(part) if part in answers else len(answers) for part, answers in zip(level, order, strict=True)
    ]


def _raked(study, wave: str | None):
    """As _margins(), of a survey that was raked."""
    before = "" if wave is None else wave + BETWEEN
    labels = {"_".join(margin.of): BETWEEN.join(map(study.label, margin.of)) for margin in study.book.margins}
    for name, rows in study.raked.table.groupby("margin", sort=False):
        rows = rows[rows["by"] == (wave or "")]
        cells = study.survey[f"margin.{name}"].astype(object)
        levels = cells.where(cells.str.startswith(before), None).str.removeprefix(before)
        population = dict(zip(rows["level"], 100 * rows["population"], strict=True))
        yield name, labels.get(name, study.label(name)), levels.to_numpy(object), rows["level"].tolist(), population


def _composition(study, wave, name, label, levels, order, population: dict, confidence: float) -> pd.DataFrame:
    """The rows of one margin."""
    survey = study.survey
    inside = np.ones(len(survey), bool) if wave is None else (survey["wave"].astype(str) == wave).to_numpy()
    there = inside & pd.notna(levels)
    columns = {"start": "weight_start", "weighted": study.design.get("weights")}
    used = dict.fromkeys([*columns_in(unweighted(study)), *columns.values()])  # a survey of many columns is slow
    frame = survey[[name for name in used if name in survey]]
    frame = frame.assign(_level=pd.Series(np.where(there, levels, None), index=survey.index, dtype=object))
    order = [level for level in order if level in population or (levels[there] == level).any()]
    if not there.any():
        return pd.DataFrame(columns=COLUMNS)
    how = {"question": "_level", "answers": order, "confidence": confidence}
    found = shares(frame, [], **how, **unweighted(study)).rename(columns={"answer": "level"})
    for column, weights in columns.items():
        given = weights in survey and frame.loc[there, weights].sum() > 0
        found[column] = shares(frame, [], **how, weights=weights)["estimate"] if given else np.nan
    found["population"] = found["level"].map(population).astype(float)
    return found.assign(
        margin=name,
        label=label,
        level=found["level"].replace(NO_ANSWER, tr(NO_ANSWER)),
        gap=found["weighted"] - found["population"],
        gap_sample=found["estimate"] - found["population"],
        outside=(found["population"] < found["low"]) | (found["population"] > found["high"]),
        unit="percent",
    )


def effect(study, *, confidence=0.95) -> pd.DataFrame:
    """Every metric in every wave, the latest first: unweighted, under the starting weights, and under the final ones.

    Strata and clusters count in all of them. The change is against the unweighted estimate from the same answers, so
    that most of the error cancels (see reweighted.py). Columns: name, label, wave, weighting (unweighted; starting
    weights, where the survey is raked from some; weights), estimate, low, high, se, n, n_weighted, n_effective, deff,
    change, change_low, change_high, change_se (nan for the unweighted), unit, method. A survey without weights has its
    unweighted rows alone.
    """
    survey, plain, frames = study.survey, unweighted(study), []
    designs = {PLAIN: plain}
    if "weight_start" in survey and survey["weight_start"].nunique() > 1:
        designs[START] = plain | {"weights": "weight_start"}
    if "weights" in study.design:
        designs[FINAL] = study.design
    questions = metrics(study).set_index("name")["question"]
    for name, design in designs.items():
        rows = by_wave(study, confidence=confidence, design=design).assign(weighting=name)
        changes = [_change(study, row, questions[row.name], design, plain, confidence) for row in rows.itertuples()]
        frames.append(pd.concat([rows, pd.DataFrame(changes, index=rows.index)], axis=1))
    frame = pd.concat(frames, ignore_index=True)
    steps, waves = list(designs), study.waves
    keys = [frame["weighting"].map(steps.index), pd.factorize(frame["name"])[0]]
    if waves:
        keys.insert(1, -frame["wave"].map(waves.index))
    return frame.iloc[np.lexsort(keys)][
        ["name", "label", *(["wave"] if waves else []), "weighting", "estimate", "low", "high", "se", "n", "n_weighted",
         "n_effective", "deff", "change", "change_low", "change_high", "change_se", "unit", "method"]
    ].reset_index(drop=True)  # fmt: skip


def _change(study, row, question: str, design: dict, plain: dict, confidence: float) -> dict:
    """The estimate of a row less the unweighted one; nan where there is none."""
    blank = dict.fromkeys(("change", "change_low", "change_high", "change_se"), np.nan)
    if "weights" not in design or np.isnan(row.estimate):
        return blank
    survey = study.survey
    inside = (survey["wave"].astype(str) == row.wave).to_numpy(float) if study.waves else np.ones(len(survey))
    found = difference(survey, study.metric(question), question=question, confidence=confidence, other=inside,
                       weights=survey[design["weights"]].to_numpy(float) * inside, **plain)  # fmt: skip
    return dict(zip(blank, (found[key] for key in ("estimate", "low", "high", "se")), strict=True))
