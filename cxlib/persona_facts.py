"""What is known of each persona beside its profile: size, market, metrics, churn, complaints, and what moves it."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from cxlib import large_counts, retention, value
from cxlib.banner_lines import counted
from cxlib.calibration import fixed, without
from cxlib.counts import columns_in
from cxlib.design import design_of
from cxlib.drivers import importance
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.people import ALL, People
from cxlib.scores import by_group, estimates, of_tally
from cxlib.suppression import small, tells, withhold
from cxlib.survey import metrics as survey_metrics
from cxlib.variance import linearise
from cxlib.weights import effective_n

# Columns that are added to people's answers bear a point first, which no question's name has.
PERSONA, VALUE, HIT = ".persona", ".value", ".hit"
WORTH, TARGET_MARKET = noted("Value of a customer"), noted("Target market")  # the kinds of rows of market()
SAMPLES = 500  # of the bootstrap behind the ranks of each persona's drivers
NUMBERS = ["estimate", "low", "high", "se", "n", "n_weighted", "n_effective"]


def placed(case: People, found) -> pd.DataFrame:
    """The people with the persona that each most likely is, in a column PERSONA.

    Blank for who answered nothing, and for everybody where there are no personas.
    """
    one = found.k == 1
    members = np.zeros(len(case.frame), int) if one else found.members
    persona = pd.Categorical.from_codes(members - 1, [] if one else list(found.names))
    return case.frame.assign(**{PERSONA: persona})


def sizes(case: People, found) -> pd.DataFrame:
    """Each persona's share of all customers, in percent, and how many customers that is.

    Columns: persona, estimate, low, high, se, n (who most likely is one), n_weighted (their weights), n_effective (of
    the share: of all people), members_effective (Kish's number of those n), stability (0-1, see segment_number),
    customers, customers_low, customers_high (nan where the number of all is not known). Of a table of customers the
    share is of all who ever were there, the number of those who still are.
    """
    everybody = customers(case)
    rows = found.sizes.reset_index(drop=True).assign(persona=list(found.names))
    rows = rows if found.k > 1 else rows.iloc[:0]
    members = [_weights(case, found.members == number) for number in range(1, len(rows) + 1)]
    rows["n_weighted"] = [np.sum(weights) for weights in members]
    rows["members_effective"] = [effective_n(weights) if np.sum(weights) > 0 else 0.0 for weights in members]
    share = rows["estimate"] / 100
    half = special.stdtrit(rows["df"], 0.5 + case.confidence / 2) * rows["se"] / 100 / (share * (1 - share))
    limits = {"low": -half, "high": half}
    rows = rows.assign(**{name: 100 * special.expit(special.logit(share) + off) for name, off in limits.items()})
    there = _still_there(case)
    if not there.all() and there.any() and found.k > 1:
        now = found.probabilities[there].mean(axis=0)
        half = half * np.sqrt(len(there) / there.sum()) * share * (1 - share) / (now * (1 - now))
        share = pd.Series(now, index=rows.index)
    per, off = np.nan if everybody is None else everybody, {"": 0 * half, "_low": -half, "_high": half}
    numbers = {f"customers{end}": per * special.expit(special.logit(share) + shift) for end, shift in off.items()}
    return rows.assign(**numbers, unit="percent")


def _weights(case: People, members: np.ndarray):
    """The weights of some of the people; 1 each where there are none."""
    name = case.design.get("weights")
    return case.frame.loc[members, name] if name else np.ones(members.sum())


def _still_there(case: People) -> np.ndarray:
    """Which of the people are customers today: of a table of customers those who have not left."""
    if case.table == "customers" and "left" in case.frame:
        return case.frame["left"].isna().to_numpy()
    return np.ones(len(case.frame), bool)


def customers(case: People) -> int | None:
    """How many customers there are: the study's `population`, else those in the table customers who have not left."""
    if case.study.book.population:
        return case.study.book.population
    if not case.study.has("customers"):
        return None
    table = case.study.table("customers")
    there = int(table["left"].isna().sum()) if "left" in table else len(table)
    return round(there * large_counts.times(case.study, "customers"))


def market(case: People, frame: pd.DataFrame, scope: float = 0.0) -> pd.DataFrame:
    """The value of a persona's customers, and its target market: customers x scope x value.

    `scope` is the share of a persona that the company can reach, 0-1 (0: as study.yml says). A market is the mean, over
    all people, of what those of the persona are worth, times all customers and the scope: so its interval holds the
    uncertainty of size and value together. Columns: persona, kind (Value of a customer, Target market), estimate, low,
    high, se, n, n_weighted, n_effective, unit, method. Empty without a value; no market without scope or customers.
    """
    settings, everybody = case.study.book.personas, customers(case)
    scope = scope or settings.scope or 0.0
    if not 0 <= scope <= 1:
        raise CxError(f"scope is the share of a persona that the company can reach, 0 to 1; found {scope}")
    worth = _value(case)
    if worth is None:
        return pd.DataFrame()
    frame = frame.assign(**{VALUE: worth})
    table, how = _tallied(case, frame, [VALUE])
    frames = [_by_persona((table, how), frame, "mean", VALUE).assign(kind=WORTH, times=1.0)]
    names = list(frame[PERSONA].cat.categories)
    if scope and everybody and names:
        known = (frame[VALUE].notna() & frame[PERSONA].notna() & _still_there(case)).to_numpy()
        belongs = (frame[PERSONA].cat.codes.to_numpy()[:, None] == np.arange(len(names))) & known[:, None]
        own = np.where(known[:, None], np.where(belongs, frame[VALUE].to_numpy()[:, None], 0.0), np.nan)
        whole = estimates(
            linearise(table, own, design=how["design"]), [], table, own[:, 0],
            weighted=how["weighted"], confidence=case.confidence,
        )  # fmt: skip
        whole = whole.assign(persona=names, kind=TARGET_MARKET, times=scope * everybody, n=belongs.sum(axis=0))
        whole.loc[whole["n"] < case.minimum_base, ["estimate", "low", "high", "se"]] = np.nan
        frames.append(whole)
    rows = pd.concat(frames, ignore_index=True)
    money = {column: rows[column] * rows["times"] for column in ("estimate", "low", "high", "se")}
    rows = rows.assign(**money, unit="money")
    if not (worth < 0).any():
        rows["low"] = rows["low"].clip(lower=0)
    return rows[["persona", "kind", *NUMBERS, "unit", "method"]]


def metrics(case: People, frame: pd.DataFrame) -> pd.DataFrame:
    """The metrics of each persona, and of all.

    Columns: persona (All for everybody), question, label, unit, least, most, estimate, low, high, se, n, n_weighted,
    n_effective, method. Empty where people were asked none.
    """
    if case.table != "survey" or not case.study.questions("metric"):
        return pd.DataFrame(columns=["persona", "label", *NUMBERS, "unit"])
    asked = survey_metrics(case.study)
    tallied, frames = _tallied(case, frame, list(asked["question"])), []
    for row in asked.itertuples():
        about = {"question": row.question, "label": row.label, "unit": row.unit, "least": row.least, "most": row.most}
        frames.append(_with_all(tallied, frame, case.study.metric(row.question), row.question).assign(**about))
    rows = pd.concat(frames, ignore_index=True)
    return rows[["persona", "question", "label", "unit", "least", "most", *NUMBERS, "method"]]


def churn(case: People, frame: pd.DataFrame, days: int = 90) -> pd.DataFrame:
    """The share of each persona, and of all, that left: of respondents, within so many days after the answer.

    Respondents are those who name a customer and could be followed; their latest answer counts. Customers are those
    there at the start of the last calendar year that the dates cover, until its end. Columns as metrics(); label says
    which. Empty where the tables do not tell.
    """
    followed = _leavers(case, frame, days)
    if followed is None:
        return pd.DataFrame(columns=["persona", "label", *NUMBERS, "unit"])
    rows, label = followed
    about = {"question": "churn", "label": label, "unit": "percent", "least": 0.0, "most": 100.0}
    tallied = _tallied(replace(case, design=without(case.design)), rows, ["churn"])
    found = _with_all(tallied, rows, value.HAPPENED, "churn").assign(**about)
    found["method"] += fixed(case.design)
    return found[["persona", "question", "label", "unit", "least", "most", *NUMBERS, "method"]]


def complaints(case: People, frame: pd.DataFrame) -> pd.DataFrame:
    """What customers of each persona complained about most, of recorded complaints.

    The subject is the first question of the table complaints of role single or segment, else the channel. Columns:
    persona, subject, answer (the most frequent; empty under the minimum base), estimate, low, high (percent of the
    persona's complaints), n. Empty where complaints name no customer of these people. What would tell of 1 to 4
    complaints is withheld, and the answer with it.
    """
    study, empty = case.study, pd.DataFrame(columns=["persona", "subject", "answer", *NUMBERS])
    if not study.has("complaints") or "customer" not in frame or "complainer" not in study.table("complaints"):
        return empty
    table = study.table("complaints")
    subjects = [*study.questions("single", "complaints"), *study.questions("segment", "complaints")]
    subject = (subjects or ["channel"])[0]
    if subject not in table:
        return empty
    who = frame.dropna(subset=["customer", PERSONA]).drop_duplicates("customer", keep="last")
    joined = table.merge(who[["customer", PERSONA]], left_on="complainer", right_on="customer", validate="many_to_one")
    rows = []
    for persona, part in joined.groupby(PERSONA, observed=True):
        answers = part[subject].dropna()
        if answers.empty:
            continue
        answer = answers.astype(str).value_counts().sort_index().idxmax()
        hit = part.dropna(subset=[subject]).assign(**{HIT: (answers.astype(str) == answer).astype(float)})
        by = {"clusters": "complainer", "minimum_base": case.minimum_base, "confidence": case.confidence}
        found = by_group(hit, value.HAPPENED, [], question=HIT, **by)
        label = study.label(subject, "complaints") if subjects else tr("Channel")
        few = tells(hit[HIT].sum(), len(hit))
        told = answer if found["estimate"].notna().all() and not few else ""
        rows.append(found.assign(persona=str(persona), subject=label, answer=told, _few=few))
    if not rows:
        return empty
    found = pd.concat(rows, ignore_index=True)
    bases, few = small(found["n"]), found.pop("_few").to_numpy(bool)
    # Under the minimum base there is nothing to withhold but the base.
    found = withhold(found, few & found["estimate"].notna(), ["estimate", "low", "high", "se"])
    return withhold(found, bases, ["n", "n_weighted", "n_effective"])


def drivers(case: People, frame: pd.DataFrame, *, seed=0) -> pd.DataFrame:
    """What goes with the first metric in each persona: the drivers' shares and ranks, and how they are rated.

    Columns: persona, driver, label, metric, estimate, low, high (share of R squared, percent), rank, rank_low,
    rank_high, rating (mean), n, n_weighted, n_effective. Personas in which fewer than two drivers vary among the
    minimum base of answers, or drivers determine each other, have no rows.
    """
    study = case.study
    if case.table != "survey" or not study.questions("metric") or len(study.questions("driver")) < 2:
        return pd.DataFrame(columns=["persona", "driver", "label", *NUMBERS])
    outcome = survey_metrics(study).iloc[0]
    case = replace(case, design=without(case.design))
    design = {key: name for key, name in case.design.items() if key != "fpc"}
    frames = []
    for name in frame[PERSONA].cat.categories:
        part = frame[(frame[PERSONA] == name) & frame[outcome["question"]].notna()]
        usable = [
            d
            for d in study.questions("driver")
            if pd.api.types.is_numeric_dtype(part[d]) and part[d].count() >= case.minimum_base and part[d].nunique() > 1
        ]
        if len(usable) < 2 or len(part) <= len(usable) or part[outcome["question"]].nunique() < 2:
            continue
        how = {"bootstrap": SAMPLES, "confidence": case.confidence, "seed": seed}
        try:
            found = importance(part, outcome["question"], usable, **design, **how)
        except CxError:  # drivers that say the same within the persona: none of them comes first
            continue
        shares = {column: 100 * found[column] for column in ("estimate", "low", "high")}
        ratings = [_mean(part[d], _weights(case, frame.index.isin(part.index))) for d in usable]
        labels = [study.label(d) for d in usable]
        found = found.assign(**shares, persona=name, label=labels, metric=outcome["label"], rating=ratings)
        frames.append(found.reset_index())
    kept = ["persona", "driver", "label", "metric", "estimate", "low", "high"]
    kept += ["rank", "rank_low", "rank_high", "rating", "n", "n_weighted", "n_effective"]
    if not frames:
        return pd.DataFrame(columns=["persona", "driver", "label", *NUMBERS])
    return pd.concat(frames, ignore_index=True)[kept].assign(unit="percent")


def _tallied(case: People, frame: pd.DataFrame, questions: list[str]) -> tuple[pd.DataFrame, dict]:
    """The people as a tally of personas and answers, and how scores.of_tally() is to estimate from it."""
    design = {key: name for key, name in case.design.items() if key != "weights"}
    weights = case.design.get("weights")
    table = counted(frame, [PERSONA, *questions, *columns_in(design)], weights)
    how = {"confidence": case.confidence, "minimum_base": case.minimum_base, "weighted": weights is not None}
    return table, how | {"design": design_of(table, **design)}


def _mean(values: pd.Series, weights) -> float:
    """The weighted mean of the answers given; nan where they have no weight."""
    x, given = values.to_numpy(float, na_value=np.nan), values.notna().to_numpy()
    w = np.asarray(weights, float)[given]
    return float(w @ x[given] / w.sum()) if w.sum() > 0 else np.nan


def _by_persona(tallied: tuple[pd.DataFrame, dict], frame: pd.DataFrame, metric, question: str) -> pd.DataFrame:
    """The metric in each persona, in their order."""
    table, how = tallied
    found = of_tally(table, metric, [PERSONA], question=question, frame=frame, **how)
    found = found.rename(columns={PERSONA: "persona"})
    order = list(frame[PERSONA].cat.categories)
    found = found.iloc[np.argsort([order.index(name) for name in found["persona"]])].reset_index(drop=True)
    return found.assign(persona=found["persona"].astype(str))


def _with_all(tallied: tuple[pd.DataFrame, dict], frame: pd.DataFrame, metric, question: str) -> pd.DataFrame:
    """The metric in each persona, and of all people."""
    table, how = tallied
    whole = of_tally(table, metric, [], question=question, frame=frame, **how).assign(persona=ALL)
    return pd.concat([_by_persona(tallied, frame, metric, question), whole], ignore_index=True)


def _value(case: People) -> pd.Series | None:
    """What each of the people is worth, in the study's currency."""
    settings = case.study.book.personas
    name = settings.value or ("value" if "value" in case.frame and case.table == "customers" else None)
    return None if name is None else case.frame[name].astype(float) * settings.value_times


def _leavers(case: People, frame: pd.DataFrame, days: int) -> tuple[pd.DataFrame, str] | None:
    """Whoever could be followed, with `churn` 1 or 0, and what it is called."""
    study = case.study
    if case.table == "customers":
        if not retention.dated(study) or retention.period(study) is None:
            return None
        first, last = retention.period(study)
        came, went = (frame[column].dt.normalize() for column in ("since", "left"))
        there = (came < first) & ~(went < first)
        return frame.assign(churn=(went <= last).astype(float).where(there)), tr("Left in {year}", year=first.year)
    if not study.has("customers") or not {"customer", "when"} <= set(frame):
        return None
    if not {"customer", "left"} <= set(study.table("customers")):
        return None
    rows = value.followed(study, frame, days)
    if "churn" not in rows or not rows["churn"].notna().any():
        return None
    return rows, tr(value.OUTCOMES["churn"][0], days=days)
