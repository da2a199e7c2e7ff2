"""The inside view: what marketing, sales and service staff believe, against what customers say.

Staff rate the attributes that customers rate, on the same scale. The gap is the staff's mean less the customers',
which keeps the survey's weights and design; the two samples are independent (Welch's t test, with the degrees of
freedom of both designs). Attributes are one family within a team.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals
from cxlib.banner_lines import counted
from cxlib.compare import verdict
from cxlib.corrections import adjust
from cxlib.counts import columns_in
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import estimates
from cxlib.suppression import small, withhold
from cxlib.variance import linearise

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
    the mean of all attributes, a test of its own. Teams under the minimum base have no numbers; of 1 to 4 of a team who
    rate an attribute not even their number is told. No rows without a table staff.
    """
    if not study.has("staff"):
        return pd.DataFrame()
    names, wave = attributes(study), wave or (study.waves or [None])[-1]
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
    asked, how = [*names, OVERALL], {"confidence": confidence, "minimum_base": study.book.minimum_base}
    ours = _means(staff, asked, ["team"], strata="team", **how)
    theirs = _means(survey, asked, by, **study.design, **how)
    theirs = theirs[theirs["wave"].astype(str) == wave] if by else theirs
    scales = {name: study.book.tables["survey"].questions[name].scale for name in names}
    frame = _against(ours, theirs, scales | {OVERALL: scales[names[0]]}, confidence)
    frame = frame.assign(attribute=frame["name"].map({name: _label(study, name) for name in asked}))
    order = list(dict.fromkeys(staff["team"]))
    frame = frame.iloc[np.argsort(frame["team"].map(order.index), kind="stable")].reset_index(drop=True)
    single = frame["name"] != OVERALL
    families = frame[single].groupby("team")["p"].transform(lambda p: adjust(p.to_numpy()))
    frame["p_adjusted"] = families.reindex(frame.index).where(single, frame["p"])
    frame = frame.assign(verdict=[verdict(p) for p in frame["p_adjusted"]], unit="score")
    few = small(frame["n"])
    told = ["estimate", "low", "high", "se", "t", "df", "p", "p_adjusted", "staff", "staff_low", "staff_high"]
    return withhold(withhold(frame, few, ["n"]), few & frame["staff"].notna(), told)


def _label(study, name: str) -> str:
    if name == OVERALL:
        return tr("Mean of all attributes")
    label = study.label(name)
    return (
        tr("{attribute} (reversed)", attribute=label) if study.book.tables["survey"].questions[name].reverse else label
    )


def _means(
    frame: pd.DataFrame, names: list[str], by: list[str], *, confidence, minimum_base, weights=None, **design
) -> pd.DataFrame:
    """The means of several questions by group, as scores.by_group() has them of one, under one design: column name."""
    table = counted(frame, [*by, *names, *columns_in(design)], weights)
    y = table[names].to_numpy(dtype=float, na_value=np.nan)
    domains = linearise(table, y, by=by, **design)
    rows = estimates(domains, [], table, y, weighted=weights is not None, confidence=confidence)
    rows = rows.assign(name=np.repeat(np.array(names, dtype=object), len(rows) // len(names)))
    rows = rows[rows[by].notna().all(axis=1) & (rows["n"] > 0)]
    rows.loc[rows["n"] < max(minimum_base, 2), ["estimate", "low", "high", "se", "n_effective", "deff"]] = np.nan
    return rows.reset_index(drop=True)


def _against(staff: pd.DataFrame, customers: pd.DataFrame, scales: dict, confidence: float) -> pd.DataFrame:
    """The rows of gaps(), attribute by attribute: each team's mean against the customers'; `scales` by attribute.

    Degrees of freedom: Satterthwaite, Biometrics Bulletin 2 (1946) 110-114; Welch, Biometrika 34 (1947) 28-35.
    """
    ends = [scales[name] or (-np.inf, np.inf) for name in staff["name"]]
    least, most = np.array(ends, dtype=float).reshape(-1, 2).T
    found = pd.DataFrame({"team": staff["team"].astype(str), "name": staff["name"], "n": staff["n"]})
    # Customers are one row for all teams, and none where the wave did not ask.
    customers = customers.set_index("name").reindex(staff["name"]).reset_index(drop=True)
    for side, rows in (("staff", staff), ("customers", customers)):
        found[side] = rows["estimate"]
        found[f"{side}_low"] = np.maximum(rows["low"], least)
        found[f"{side}_high"] = np.minimum(rows["high"], most)
        found[f"_{side}"], found[f"_df_{side}"] = rows["se"] ** 2, rows["df"]
    found["n_customers"] = customers["n"].fillna(0).astype(int)
    found["n_weighted"], found["n_effective"] = customers["n_weighted"], customers["n_effective"]
    variance = found["_staff"] + found["_customers"]
    with np.errstate(invalid="ignore", divide="ignore"):
        df = variance**2 / (
            found["_staff"] ** 2 / found["_df_staff"] + found["_customers"] ** 2 / found["_df_customers"]
        )
        estimate, se = found["staff"] - found["customers"], np.sqrt(variance)
        t = np.where(estimate == 0, 0.0, estimate / se)
    low, high = intervals.student(estimate, se, df, confidence)
    designs = [tr("not asked") if pd.isna(said) else said.partition("; ")[2] for said in customers["method"]]
    return found.drop(columns=[c for c in found if c.startswith("_")]).assign(
        estimate=estimate,
        low=low,
        high=high,
        se=se,
        t=t,
        df=df,
        p=2 * special.stdtr(df, -np.abs(t)),
        method=[tr("Welch's t; staff: simple random sample; customers: {design}", design=said) for said in designs],
    )
