"""Own scores against competitors' on the same metrics: where all stand, the gaps, and the change relative to them.

Satisfaction that falls relative to competitors is the early warning of losing customers. Published scores, answers of
competitors' customers and checklists of mystery shoppers all come as tallies, so that one estimator and one variance
serve them and our own survey. Where the spread of published answers is not known (all metrics but shares), they are
taken to fill the same part of the largest possible spread as our own answers do, and every test is made again with
the largest one (p_widest). Samples behind published scores are taken as simple ones.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from scipy import special

from cxlib import benchmark, intervals
from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.counts import tally
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.metrics import kind_of, levels
from cxlib.scores import estimates, score
from cxlib.variance import Domains, linearise

MEAN = noted("Mean of competitors")

# The samples of a study's panels, by metric and the name of our company: a study does not change, and where all stand,
# the gaps and the changes under any confidence are computed from the same ones.
_SAMPLES: WeakKeyDictionary = WeakKeyDictionary()


class Sample(NamedTuple):
    """Domains of a tally, and what they were linearised from."""

    domains: Domains
    table: pd.DataFrame
    y: np.ndarray


@dataclass(frozen=True)
class Panel:
    """One metric of all companies in all waves.

    rows: a row per company and wave, in the order of the domains of `blocks`, which are independent samples (our
    survey and the benchmark, or the benchmark alone). widest: the same with the largest spread of published answers.
    breaks: waves from which on the metric was asked in another way.
    """

    about: dict
    rows: pd.DataFrame
    blocks: list[Domains]
    widest: list[Domains]
    breaks: set[str]

    def place(self, wave: str, own: bool) -> dict[str, int]:
        """The row of each company that has answers in a wave: ours, or the competitors'."""
        return self._places.get((wave, own), {})

    @cached_property
    def _places(self) -> dict[tuple[str, bool], dict[str, int]]:
        columns, found = (self.rows[name].tolist() for name in ("wave", "own", "company", "n")), {}
        for row, (wave, own, company, n) in enumerate(zip(*columns, strict=True)):
            if n > 0:
                found.setdefault((wave, own), {})[company] = row
        return found

    def pairs(self, before: str, wave: str) -> dict[str, tuple[int, int]]:
        """The rows of each competitor that has answers in both waves."""
        then, now = self.place(before, own=False), self.place(wave, own=False)
        return {rival: (then[rival], now[rival]) for rival in now if rival in then}

    def compare(self, asked: list[dict], *, confidence: float, minimum_base: int) -> pd.DataFrame:
        """Linear combinations of the rows' estimates: difference, interval and t test.

        Each of `asked` names its result, and gives `weights`: what each row number counts. ours and theirs are the
        two sides; n is the smallest base that takes part, under `minimum_base` the result is nan.
        """
        frame = pd.DataFrame([{k: v for k, v in one.items() if k != "weights"} for one in asked])
        weights = np.zeros((len(asked), len(self.rows)))
        for i, one in enumerate(asked):
            weights[i, list(one["weights"])] = list(one["weights"].values())
        n = np.where(weights != 0, self.rows["n"].to_numpy(), np.inf).min(axis=1)
        values, own = np.nan_to_num(self.rows["estimate"].to_numpy()), self.rows["own"].to_numpy()
        ours, theirs = weights[:, own] @ values[own], -weights[:, ~own] @ values[~own]
        estimate = ours - theirs
        found = {"ours": ours, "theirs": theirs, "estimate": estimate}
        for blocks, name in ((self.blocks, "p"), (self.widest, "p_widest")):
            variance, df = _variance(blocks, weights)
            se = np.sqrt(variance)
            with np.errstate(invalid="ignore", divide="ignore"):
                t = np.where(estimate == 0, 0.0, estimate / se)
            if name == "p":
                low, high = intervals.student(estimate, se, df, confidence)
                found |= {"low": low, "high": high, "se": se, "t": t, "df": df}
            found[name] = 2 * special.stdtr(df, -np.abs(t))
        small = (n < max(minimum_base, 2)) | ~(found["df"] > 0)
        found = {name: np.where(small, np.nan, column) for name, column in found.items()}
        return frame.assign(**found, n=n.astype(int), **self.about)


def _variance(blocks: list[Domains], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of combinations over independent samples, and its degrees of freedom.

    Source: Satterthwaite, Biometrics Bulletin 2 (1946) 110-114; Welch's test where the samples are simple ones.
    """
    parts = np.split(weights, np.cumsum([len(block.n) for block in blocks])[:-1], axis=1)
    found = [block.contrast(part) for block, part in zip(blocks, parts, strict=True)]
    variance = sum(one for one, _ in found)
    with np.errstate(invalid="ignore", divide="ignore"):
        return variance, variance**2 / sum(np.where(one > 0, one**2 / of, 0.0) for one, of in found)


def waves(study) -> list[str]:
    """The waves of standing(), in order: the survey's, for checklists the benchmark's; none without a benchmark."""
    if not study.has("benchmark"):
        return []
    return benchmark.waves(study) if benchmark.form(study) == "checklists" else study.waves or [""]


def chosen_wave(study, wave: str = "") -> str:
    """The wave to compare in: the one named, else the last that survey and benchmark share.

    Empty for a study without waves or without a benchmark. Raises CxError for a wave that the benchmark lacks.
    """
    if not study.has("benchmark"):
        return ""
    known = benchmark.waves(study)
    if wave and wave not in known:
        raise CxError(
            f"the benchmark has no wave {wave}; it can be compared in {', '.join(known)}{nearest(wave, known)}"
        )
    return wave or known[-1]


def standing(study, *, confidence=0.95, method="mover") -> pd.DataFrame:
    """Every metric of every company in every wave: estimate, interval, bases and method; ours comes first.

    `method` is that of the intervals of differences of shares, as in scores.nps().

    Columns: name, label, unit, company, own (true for ours), wave, and those of scores.by_group(). No rows without a
    benchmark. Groups under the minimum base have no estimate.
    """
    frames, shown = [], waves(study)
    for panel in _panels(study, confidence, method):
        rows = panel.rows[(panel.rows["n"] > 0) & panel.rows["wave"].isin(shown)]
        wave, company = rows["wave"].map(shown.index), pd.factorize(rows["company"])[0]
        frames.append(rows.iloc[np.lexsort([wave, company, ~rows["own"]])].assign(**panel.about))
    return _stacked(frames)


def gaps(study, *, confidence=0.95) -> pd.DataFrame:
    """Own score less each competitor's, by metric and wave: the gap with interval, test and verdict.

    Columns: wave, rival, ours, theirs, estimate, low, high, se, t, df, p, p_adjusted (Holm, within metric and wave),
    p_widest (the same with the largest spread of published answers), verdict (of p_adjusted), n (the smaller base),
    name, label, unit. No rows without a benchmark, or where its checklists have none of our own.
    """
    frames = []
    for panel in _panels(study, confidence):
        asked = [
            {"wave": wave, "rival": rival, "weights": {own: 1.0, row: -1.0}}
            for wave in benchmark.waves(study)
            for own in panel.place(wave, own=True).values()
            for rival, row in panel.place(wave, own=False).items()
        ]
        if asked:
            found = panel.compare(asked, confidence=confidence, minimum_base=study.book.minimum_base)
            frames.append(_judged(found, ["wave"]))
    return _stacked(frames)


def changes(study, *, confidence=0.95) -> pd.DataFrame:
    """Own change less each competitor's, and less the mean of theirs: the early warning, with interval and test.

    (own now - own before) - (competitor now - competitor before), for each wave against the last one that can be
    compared (span "wave") and against the first (span "period", where that is another one). Columns as in gaps(), and
    before, span and mean (true for the mean of the competitors); ours and theirs are the two changes. The mean is of
    the competitors that are reported in both waves: one test, which needs no correction; the competitors one by one are
    a family. Nothing is compared across a wave from which on the question was asked in another way.
    """
    frames, known, order = [], benchmark.waves(study) if study.has("benchmark") else [], waves(study)
    for panel in _panels(study, confidence):
        asked = []
        for i, wave in enumerate(known):
            alike = [w for w in known[:i] if not panel.breaks & set(order[order.index(w) + 1 : order.index(wave) + 1])]
            earlier = [w for w in alike if panel.place(w, own=True) and panel.pairs(w, wave)]
            spans = {"wave": earlier[-1], "period": earlier[0]} if earlier and panel.place(wave, own=True) else {}
            for span, before in spans.items():
                if span == "wave" or before != spans["wave"]:
                    asked += _relative(panel, {"span": span, "before": before, "wave": wave})
        if asked:
            found = panel.compare(asked, confidence=confidence, minimum_base=study.book.minimum_base)
            judged = _judged(found, ["span", "wave"])
            mean = judged["rival"] == MEAN
            frames.append(judged.assign(mean=mean, rival=judged["rival"].mask(mean, tr(MEAN))))
    return _stacked(frames)


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["name", "wave", "rival"])


def _relative(panel: Panel, named: dict) -> list[dict]:
    """What compare() is asked for one pair of waves: each competitor, and their mean where there are several."""
    (now,), (then,) = (panel.place(named[wave], own=True).values() for wave in ("wave", "before"))
    ours, rivals = {now: 1.0, then: -1.0}, panel.pairs(named["before"], named["wave"])
    asked = [{"rival": rival, "weights": ours | {new: -1.0, old: 1.0}} for rival, (old, new) in rivals.items()]
    reported = [rows for rows in rivals.values() if panel.rows["estimate"].iloc[list(rows)].notna().all()]
    if len(reported) > 1:
        part = 1 / len(reported)
        theirs = {row: sign for old, new in reported for row, sign in ((new, -part), (old, part))}
        asked.append({"rival": MEAN, "weights": ours | theirs})
    return [named | one for one in asked]


def _judged(frame: pd.DataFrame, family: list[str]) -> pd.DataFrame:
    """The frame with p values corrected within families of competitors, and verdicts."""
    several = frame["rival"] != MEAN
    frame["p_adjusted"] = frame["p"]
    for column, p in (("p_adjusted", "p"), ("p_widest", "p_widest")):
        parts = frame[several].groupby(family)[p]
        frame.loc[several, column] = parts.transform(lambda values: adjust(values.to_numpy()))
    return frame.assign(verdict=[verdict(p) for p in frame["p_adjusted"]])


def _panels(study, confidence: float, method="mover") -> list[Panel]:
    """A panel for each metric that can be compared; none without a benchmark."""
    if not study.has("benchmark"):
        return []
    panels = []
    for row in benchmark.metrics(study).itertuples(index=False):
        about = {"name": row.name, "label": row.label, "unit": row.unit}
        own, theirs, widest, filled = _samples(study, row)
        frames = [_theirs(study, row, theirs, filled, confidence, method)]
        if own is not None:
            frames = [_own(study, row.question, own, confidence, method), *frames]
        ours = [] if own is None else [own.domains]
        blocks, broadest = [*ours, theirs.domains], [*ours, widest.domains]
        panels.append(
            Panel(about, pd.concat(frames, ignore_index=True), blocks, broadest, benchmark.breaks(study, row))
        )
    return panels


def _samples(study, about) -> tuple[Sample | None, Sample, Sample, float]:
    """Of a metric: our own sample, if the survey asks it, the benchmark's, and this with the largest spread of answers.

    Last comes the part of the largest spread that our own answers fill, and the benchmark's are taken to.
    """
    kept, key = _SAMPLES.setdefault(study, {}), (about.name, benchmark.own_name(study))
    if key not in kept:
        own, filled, design = None, 1.0, benchmark.design(study)
        if about.question is not None:
            own = _own_sample(study, about.question)
            filled = _filled(own.domains, about.least, about.most)
        theirs = []
        for part in dict.fromkeys((filled, 1.0)):
            table, y = benchmark.counts(study, about.name, part)
            theirs.append(Sample(linearise(table, y, by=benchmark.PLACE, **design), table, y))
        kept[key] = own, theirs[0], theirs[-1], filled
    return kept[key]


def _own_sample(study, question: str) -> Sample:
    """Our own domains by wave under the survey's design."""
    by = ["wave"] if study.waves else []
    table = tally(study.survey, question, by=by, **study.design)
    y = score(table, study.metric(question), question, study.survey)
    design = {key: value for key, value in study.design.items() if key != "weights"}
    return Sample(linearise(table, y, by=by, **design), table, y)


def _own(study, question: str, sample: Sample, confidence: float, method: str) -> pd.DataFrame:
    """Our own estimates by wave."""
    weighted, steps = "weights" in study.design, levels(study.metric(question))
    rows = estimates(
        sample.domains, steps, sample.table, sample.y, weighted=weighted, confidence=confidence, method=method
    )
    rows = rows.assign(
        wave=rows["wave"].astype(str) if study.waves else "", company=benchmark.own_name(study), own=True
    )
    return _reported(rows, study.book.minimum_base)


def _theirs(study, about, sample: Sample, filled: float, confidence: float, method: str) -> pd.DataFrame:
    """The benchmark's estimates by company and wave."""
    steps = levels(study.metric(about.question)) if about.question else []
    weighted = "weight" in study.table("benchmark")
    rows = estimates(
        sample.domains, steps, sample.table, sample.y, weighted=weighted, confidence=confidence, method=method
    )
    rows["low"], rows["high"] = rows["low"].clip(about.least), rows["high"].clip(upper=about.most)
    if benchmark.form(study) == "scores":
        taken = tr("published score, as of a simple random sample")
        if kind_of(steps) != "share":
            taken = tr(
                "published score, as of a simple random sample, answers spread as ours ({part} of the largest spread)",
                part=f"{filled:.0%}",
            )
        if study.table("benchmark").get("se", pd.Series(dtype=float)).notna().any():
            taken = f"{taken}; {tr('published standard errors where there are any')}"
        rows["method"] = [f"{method.split('; ')[0]}; {taken}" for method in rows["method"]]
    return _reported(rows.assign(own=rows["company"] == benchmark.own_name(study)), study.book.minimum_base)


def _reported(rows: pd.DataFrame, minimum_base: int) -> pd.DataFrame:
    """Estimates with those on fewer answers than the minimum base taken out."""
    small = rows["n"] < max(minimum_base, 2)
    rows.loc[small, ["estimate", "low", "high", "se", "n_effective", "deff"]] = np.nan
    return rows


def _filled(domains: Domains, least: float, most: float) -> float:
    """The part of the largest spread that our own answers fill, over all waves; 1 where they have no spread."""
    largest = (domains.n * (most - domains.ratio) * (domains.ratio - least))[domains.n > 0].sum()
    spread = (domains.n * domains.spread)[domains.n > 0].sum()
    return float(spread / largest) if spread > 0 else 1.0
