"""The inside view: what marketing, sales and service staff believe, against what customers say.

Staff rate the attributes that customers rate, on the same scale. The gap is the staff's mean less the customers',
which keeps the survey's weights and design; the two samples are independent (Welch's t test, with the degrees of
freedom of both designs). Attributes are one family within a team.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals
from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import by_group

EVERYBODY = noted("All staff")
OVERALL = "all"  # the mean of a person's ratings, over the attributes


def attributes(study) -> list[str]:
    """The attributes that staff and customers both rate, in the survey's order.

    Raises CxError where there are none, where customers were not asked, and where the scales differ.
    """
    ours, theirs = study.questions("driver", "staff"), study.questions("driver")
    if not ours:
        raise CxError(f"{study.file}: staff rate no attribute; give the survey's drivers to the table staff as well")
    unasked = [name for name in ours if name not in theirs]
    if unasked:
        more = f" (and {len(unasked) - 1} more)" if len(unasked) > 1 else ""
        close = nearest(unasked[0], theirs)
        raise CxError(f"{study.file}: staff rate {unasked[0]}{more}, which no driver of the survey asks{close}")
    for name in ours:
        staff, customers = (study.book.tables[table].questions[name] for table in ("staff", "survey"))
        if (staff.scale, staff.reverse) != (customers.scale, customers.reverse):
            shown = [_scale(question) for question in (staff, customers)]
            raise CxError(f"{study.file}: staff rate {name} on {shown[0]}, customers on {shown[1]}; they must be alike")
    return [name for name in theirs if name in ours]


def _scale(question) -> str:
    shown = f"{question.scale[0]:g}-{question.scale[1]:g}" if question.scale else "no given scale"
    return shown + (" reversed" if question.reverse else "")


def gaps(study, wave: str | None = None, *, confidence=0.95) -> pd.DataFrame:
    """Staff's mean less customers' in a wave (default: the latest), by team and attribute, with interval and test.

    Attributes of which a high answer is a bad one (`reverse: true`) are turned round, so that a gap above 0 is always
    a brighter view. Columns: team, name (of the question), attribute, customers, customers_low, customers_high,
    n_customers, staff, staff_low, staff_high, n (of staff), estimate, low, high, se, t, df, p, p_adjusted (Holm, within
    the team), verdict (of p_adjusted), n_weighted, n_effective (of customers), unit, method. The last row of a team is
    the mean of all attributes, a test of its own. Teams under the minimum base have no numbers. No rows without a table
    staff.
    """
    if not study.has("staff"):
        return pd.DataFrame()
    names, frames, wave = attributes(study), [], wave or (study.waves or [None])[-1]
    staff, survey = study.table("staff"), study.survey
    staff = staff.assign(team=staff["team"].fillna(tr("No team")) if "team" in staff else tr(EVERYBODY))
    by = ["wave"] if study.waves else []
    now = survey[survey["wave"].astype(str) == wave] if by else survey
    both = [name for name in names if now[name].notna().any() and staff[name].notna().any()]
    for name in names:
        spec = study.book.tables["survey"].questions[name]
        if spec.reverse:
            staff[name], survey = sum(spec.scale) - staff[name], survey.assign(**{name: sum(spec.scale) - survey[name]})
    staff[OVERALL], survey = staff[both].mean(axis=1), survey.assign(**{OVERALL: survey[both].mean(axis=1)})
    how = {"confidence": confidence, "minimum_base": study.book.minimum_base}
    for name in [*names, OVERALL]:
        ours = by_group(staff, "mean", ["team"], question=name, strata="team", **how)
        theirs = by_group(survey, "mean", by, question=name, **study.design, **how)
        theirs = theirs[theirs["wave"].astype(str) == wave] if by else theirs
        scale = study.book.tables["survey"].questions[name if name != OVERALL else names[0]].scale
        frames.append(_against(ours, theirs, scale, confidence).assign(name=name, attribute=_label(study, name)))
    frame = pd.concat(frames, ignore_index=True)
    order = list(dict.fromkeys(staff["team"]))
    frame = frame.iloc[np.argsort(frame["team"].map(order.index), kind="stable")].reset_index(drop=True)
    single = frame["name"] != OVERALL
    families = frame[single].groupby("team")["p"].transform(lambda p: adjust(p.to_numpy()))
    frame["p_adjusted"] = families.reindex(frame.index).where(single, frame["p"])
    return frame.assign(verdict=[verdict(p) for p in frame["p_adjusted"]], unit="score")


def _label(study, name: str) -> str:
    if name == OVERALL:
        return tr("Mean of all attributes")
    label = study.label(name)
    return (
        tr("{attribute} (reversed)", attribute=label) if study.book.tables["survey"].questions[name].reverse else label
    )


def _against(staff: pd.DataFrame, customers: pd.DataFrame, scale, confidence: float) -> pd.DataFrame:
    """One attribute's rows of gaps(): each team's mean against the customers'.

    Degrees of freedom: Satterthwaite, Biometrics Bulletin 2 (1946) 110-114; Welch, Biometrika 34 (1947) 28-35.
    """
    least, most = scale or (-np.inf, np.inf)
    found = pd.DataFrame({"team": staff["team"].astype(str), "n": staff["n"]}).reset_index(drop=True)
    for side, rows in (("staff", staff.reset_index(drop=True)), ("customers", customers)):
        # Customers are one row for all teams, and none where the wave did not ask.
        pick = rows.get if side == "staff" else lambda column, rows=rows: rows[column].iloc[0] if len(rows) else np.nan
        found[side] = pick("estimate")
        found[f"{side}_low"] = np.maximum(pick("low"), least)
        found[f"{side}_high"] = np.minimum(pick("high"), most)
        found[f"_{side}"], found[f"_df_{side}"] = pick("se") ** 2, pick("df")
    found["n_customers"] = int(customers["n"].iloc[0]) if len(customers) else 0
    found["n_weighted"] = customers["n_weighted"].iloc[0] if len(customers) else np.nan
    found["n_effective"] = customers["n_effective"].iloc[0] if len(customers) else np.nan
    variance = found["_staff"] + found["_customers"]
    with np.errstate(invalid="ignore", divide="ignore"):
        df = variance**2 / (
            found["_staff"] ** 2 / found["_df_staff"] + found["_customers"] ** 2 / found["_df_customers"]
        )
        estimate, se = found["staff"] - found["customers"], np.sqrt(variance)
        t = np.where(estimate == 0, 0.0, estimate / se)
    low, high = intervals.student(estimate, se, df, confidence)
    design = customers["method"].iloc[0].partition("; ")[2] if len(customers) else tr("not asked")
    return found.drop(columns=[c for c in found if c.startswith("_")]).assign(
        estimate=estimate,
        low=low,
        high=high,
        se=se,
        t=t,
        df=df,
        p=2 * special.stdtr(df, -np.abs(t)),
        method=tr("Welch's t; staff: simple random sample; customers: {design}", design=design),
    )
