"""What a score is worth: value, tenure, churn and repurchase behind the answers to the chapter's outcome."""

import pandas as pd

from cxlib import nonresponse, value
from cxlib.errors import CxError
from cxlib.hazard import cox
from cxlib.language import tr
from cxlib.regressions import Regression

RESPONSES = (0.1, 0.3, 0.5)  # shares that may have answered, where nobody counted the others
MANY = 12  # attributes of customers that are taken into the model of churn


def why_not(case: Regression, days: int) -> str:
    """What a value of answers cannot be told without, in words; empty where it can."""
    if days < 1:
        raise CxError(f"days after an answer are 1 or more; found {days}")
    if case.metric is None:
        return tr("the outcome is no metric")
    if unlinked := _unlinked(case):
        return unlinked
    rows = _linked(case, days)
    if not any(name in rows and rows[name].notna().any() for name in value.OUTCOMES):
        return tr("the tables tell nothing of the customers' value, dates or purchases")
    return ""


def _linked(case: Regression, days: int) -> pd.DataFrame:
    """value.linked() of the outcome, made once for all that is told from it."""
    if days not in case.linked:
        case.linked[days] = value.linked(case.study, case.outcome, days=days)
    return case.linked[days]


def _unlinked(case: Regression) -> str:
    """Why no answer can be followed to a customer, in words; empty where one can."""
    study, survey = case.study, case.study.survey
    if not study.has("customers"):
        return tr("value needs a table customers; there are {tables}", tables=", ".join(study.book.tables))
    customers = study.table("customers")
    if "customer" not in customers:
        return tr("the table customers must say which column names the customer, e.g. `customer: id`")
    if "customer" not in survey:
        return tr("the survey must say which column names the customer, e.g. `customer: id`")
    named = survey["customer"].isin(customers["customer"].dropna())
    if not (survey[case.outcome].notna() & named).any():
        return tr("no answer to {question} names a customer of the table customers", question=case.outcome)
    return ""


def by_band(case: Regression, days: int) -> pd.DataFrame:
    """value.by_band() of the outcome; no rows where something is lacking (why_not)."""
    if why_not(case, days):
        return pd.DataFrame()
    return value.of_bands(case.study, _linked(case, days), days, case.confidence)


def gaps(case: Regression, days: int) -> pd.DataFrame:
    """value.gaps() of the outcome; no rows where something is lacking, or all answers lie in one band."""
    if why_not(case, days):
        return pd.DataFrame()
    try:
        found = value.between_bands(case.study, _linked(case, days), days, case.confidence)
    except CxError:  # all customers gave answers of one band
        return pd.DataFrame()
    return found


def silent(case: Regression, days: int) -> pd.DataFrame:
    """value.silent() of the outcome in the wave: who did not answer, beside who did; no rows where something lacks."""
    if why_not(case, days) or "when" not in case.study.survey:
        return pd.DataFrame()
    try:
        found = value.silent(case.study, case.outcome, wave=case.wave or "", days=days, confidence=case.confidence)
    except CxError:  # no answer of this wave names a customer
        return pd.DataFrame()
    return found


def sensitivity(case: Regression, response: float = 0.0) -> pd.DataFrame:
    """nonresponse.sensitivity() of the outcome; `response` is the share that answered, 0 where it is not known."""
    if case.metric is None:
        return pd.DataFrame()
    if case.study.part is not None and case.frame[case.outcome].notna().sum() < case.study.book.minimum_base:
        return pd.DataFrame()
    shares = (response,) if response else RESPONSES
    design = {key: column for key, column in case.design.items() if key != "fpc"}
    found = nonresponse.sensitivity(
        case.frame, case.metric, question=case.outcome, response=shares, confidence=case.confidence, **design
    )
    return found.assign(unit=case.unit, response=100 * found["response"])


def leaving(case: Regression) -> pd.DataFrame:
    """Which customers leave sooner: hazard ratios (Cox) of their attributes, from the first departure on record.

    Columns: term, label, estimate (hazard ratio), low, high, p, n, events, method, unit. No rows without customers'
    days of coming and leaving, without attributes that are known of nearly all, and where the model has no solution
    (nobody of a group left, say).
    """
    study = case.study
    if not study.has("customers") or not {"since", "left"} <= set(study.table("customers")):
        return pd.DataFrame()
    table = study.table("customers")
    names = [n for role in ("segment", "number", "single") for n in study.questions(role, "customers") if n in table]
    names = [n for n in names if table[n].notna().mean() > 0.9 and table[n].nunique() > 1]
    names = [n for n in names if pd.api.types.is_numeric_dtype(table[n]) or table[n].nunique() <= MANY][:MANY]
    # A number and the bands that are cut from it say the same.
    derived = {new: name for name, spec in study.book.tables["customers"].questions.items() for new in spec.derive}
    names = [n for n in names if derived.get(n) not in names]
    if not names or not (table["left"].notna() & table["since"].notna()).any():
        return pd.DataFrame()
    everybody = study.total.table("customers")  # whose days are known from the first departure on
    first, last = everybody["left"].min(), max(everybody["since"].max(), everybody["left"].max())
    end = table["left"].fillna(last)
    times = table.assign(
        _from=(first - table["since"]).dt.days.clip(lower=0),
        _until=(end - table["since"]).dt.days,
        _left=table["left"].notna().astype(float),
    )
    times = times[(times["_until"] > times["_from"]) & times["since"].notna()]
    groups = [n for n in names if isinstance(times[n].dtype, pd.CategoricalDtype)]
    times = times.assign(**{n: times[n].cat.remove_unused_categories() for n in groups})
    try:
        fit = cox(times, "_until", "_left", names, entry="_from", confidence=case.confidence)
    except CxError:
        return pd.DataFrame()
    ratios = fit.hazard_ratios.join(fit.coefficients[["p", "n", "n_effective"]])
    labels = [_label(study, term) for term in ratios.index]
    found = ratios.assign(label=labels, events=fit.events, method=fit.method, unit="ratio")
    return found.rename_axis("term").reset_index()


def _label(study, term: str) -> str:
    """A term of the customers table in words."""
    name, bracket, level = term.partition("[")
    label = study.label(name, "customers")
    return f"{label}: {level.removesuffix(']')}" if bracket else label
