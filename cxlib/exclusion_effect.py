"""What leaving respondents out does to every metric: all that the study leaves out, and each check by itself."""

import numpy as np
import pandas as pd

from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.reweighted import METHOD, difference
from cxlib.survey import by_wave, chosen_wave, headline, metrics

ALL = noted("all that the study leaves out")


def effect(study, wave: str | None = None, *, confidence=0.95, by_check=True) -> pd.DataFrame:
    """Every metric with everybody and without those whom a check marks, in each metric's last wave up to `wave`.

    The first rows of a metric leave out all that `quality.exclude` names; then each check that the survey allows is
    taken by itself (`by_check`), applied by the study or not. Where the survey is raked, those who remain are raked
    anew. The two samples overlap: the change has the error of what differs (see reweighted.py), far less than that of
    two samples.
    Columns: name, label, wave, check, applied (whether the study leaves them out), left_out (respondents of the wave),
    all, all_low, all_high, all_n (with everybody), estimate, low, high, se, n, n_weighted, n_effective (without them),
    change, change_low, change_high, change_se, unit, method. Checks that mark nobody in the wave are there with 0.
    """
    wave = chosen_wave(study, wave or "")
    whole = study.excluding(())
    waves = by_wave(whole, confidence=confidence)
    checks = {ALL: tuple(study.exclude)} if study.exclude else {}
    checks |= {check: (check,) for check in study.flags} if by_check else {}
    chosen = headline(study, waves, wave)
    chosen = chosen.assign(question=chosen["name"].map(metrics(study).set_index("name")["question"]))
    chosen["inside"] = [_inside(whole.survey, getattr(row, "wave", None)) for row in chosen.itertuples()]
    rows = [
        row for check, names in checks.items() for row in _rows(study, whole, waves, chosen, check, names, confidence)
    ]
    columns = ["name", "label", "wave", "check", "applied", "left_out", "all", "all_low", "all_high", "all_n",
               "estimate", "low", "high", "se", "n", "n_weighted", "n_effective", "change", "change_low", "change_high",
               "change_se", "unit", "method"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.iloc[np.argsort(pd.factorize(frame["name"])[0], kind="stable")].reset_index(drop=True)


def _rows(study, whole, waves: pd.DataFrame, chosen: pd.DataFrame, check: str, names: tuple[str, ...], confidence):
    """One check: every metric with everybody (the rows `chosen` of `waves`) and without those it marks, as dicts."""
    marked = study.flags[list(names)].any(axis=1).to_numpy(bool)
    try:
        kept = whole.excluding(names) if marked.any() else whole
    except CxError:
        return []  # it leaves nobody in a wave, or in a group of the population
    after = by_wave(kept, confidence=confidence) if marked.any() else waves
    everyone = whole.survey
    old, new = _weights(whole.survey), np.zeros(len(everyone))
    new[~marked] = _weights(kept.survey)
    design = {name: column for name, column in whole.design.items() if name not in ("weights", "calibration")}
    rows = []
    for metric in chosen.itertuples():
        inside, question = metric.inside, metric.question
        same = after[(after["name"] == metric.name)]
        same = same[same["wave"] == metric.wave] if study.waves else same
        row = {"name": metric.name, "label": metric.label, "unit": metric.unit, "check": check, "method": tr(METHOD)}
        row |= {"wave": getattr(metric, "wave", None), "applied": set(names) <= set(study.exclude)}
        row |= {"left_out": int((marked & inside).sum()), "all": metric.estimate, "all_low": metric.low}
        row |= {"all_high": metric.high, "all_n": metric.n}
        if len(same):
            row |= {c: same.iloc[0][c] for c in ("estimate", "low", "high", "se", "n", "n_weighted", "n_effective")}
            change = difference(everyone, study.metric(question), question=question, weights=new * inside,
                                other=old * inside, confidence=confidence, **design)  # fmt: skip
            hidden = np.isnan(row["estimate"]) or np.isnan(row["all"])
            found = {"change": "estimate", "change_low": "low", "change_high": "high", "change_se": "se"}
            row |= {name: np.nan if hidden else change[key] for name, key in found.items()}
        rows.append(row)
    return rows


def _weights(survey: pd.DataFrame) -> np.ndarray:
    """The survey's weights, 1 without."""
    return survey["weight"].to_numpy(float) if "weight" in survey else np.ones(len(survey))


def _inside(survey: pd.DataFrame, wave: str | None) -> np.ndarray:
    """Who belongs to the wave."""
    return np.ones(len(survey), bool) if wave is None else (survey["wave"].astype(str) == wave).to_numpy()
