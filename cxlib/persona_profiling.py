"""What the persona chapter tells, gathered: the facts of the personas, their cards, and profiles of other groups."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import leads, people, persona_cards, persona_facts, placement, segment_cards, text, value
from cxlib.calibration import fixed
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr, tr_n
from cxlib.people import ALL as ALL_PEOPLE
from cxlib.people import People
from cxlib.profiles import ALL, COLUMNS, LEAST_PEOPLE
from cxlib.segmentation import Segmentation
from cxlib.shown import Shown

FORM = 6  # questions of the typing tool at most
GROUP = ".group"  # the column of groups, a name that no question has
LEFT, STAYED = noted("Left"), noted("Stayed")
TESTS = {
    "auc": noted("Area under the curve (0.5: chance)"),
    "slope": noted("Calibration: slope (1 is right)"),
    "intercept": noted("Calibration: intercept (0 is right)"),
    "brier": noted("Brier score"),
    "brier_base": noted("Brier score of the base rate"),
    "brier_gain": noted("Gain over the base rate"),
}
PROFILE_HEADS = {
    "kind": (noted("Kind"), "word"),
    "attribute": noted("Attribute"),
    "answer": noted("Answer"),
    "share": (noted("Group"), "value"),
    "low": None,
    "high": None,
    "total": (noted("All"), "value"),
    "index": (noted("Index"), "base"),
    "difference": (noted("Difference"), "ratio"),
    "p_corrected": (noted("p (Holm)"), "p"),
    "n": None,
    "n_effective": None,
}


@dataclass(frozen=True, repr=False)
class Personas(Shown):
    """Everything that is known of the personas; frames without rows where there are none, and no form."""

    sizes: pd.DataFrame
    market: pd.DataFrame
    metrics: pd.DataFrame
    churn: pd.DataFrame
    complaints: pd.DataFrame
    pains: pd.DataFrame
    drivers: pd.DataFrame
    traits: pd.DataFrame
    form: placement.Placement | None


def personas(case: People, made: Segmentation, *, scope: float = 0.0, days: int = 90, seed: int = 0) -> Personas:
    """The facts of persona_facts, the profile of the personas, and the short form that places a customer."""
    frame, many = persona_facts.placed(case, made), made.k > 1
    how = {"most": FORM, "seed": seed, "confidence": case.confidence, **case.design}
    return Personas(
        persona_facts.sizes(case, made),
        persona_facts.market(case, frame, scope),
        persona_facts.metrics(case, frame),
        persona_facts.churn(case, frame, days),
        persona_facts.complaints(case, frame),
        persona_cards.pains(case, frame),
        persona_facts.drivers(case, frame, seed=seed),
        persona_cards.profiles(case, frame, formed_by=case.questions),
        placement.short_form(frame, made, **how) if many else None,
    )


def headlines(case: People, found: Personas) -> pd.DataFrame:
    """The largest persona, and how often the short form agrees with all questions, as results.numbers() takes them."""
    if found.form is None:
        return pd.DataFrame()
    largest, placed = found.sizes.head(1), found.form.accuracy.tail(1)
    # A share is of all who answered, as its effective base is; how many are of the persona is beside the point.
    base = {name: found.sizes[name].sum() for name in ("n", "n_weighted")}
    base |= {"note": tr("answers of those most likely of it: {n}", n=text.number(largest["n"].iloc[0]))}
    asked = len(found.form.questions)
    called = tr_n("Placed by one question as by all", "Placed by {n} questions as by all", asked)
    about = {"unit": "percent", "least": 0, "most": 100}
    how = tr("mean membership in latent classes; interval from bootstrap samples of the design") + fixed(case.design)
    title = tr("Largest persona: {persona}", persona=largest["persona"].iloc[0])
    rows = [
        largest.assign(name="largest", label=title, method=how, **base),
        placed.assign(name="placed", label=called, note=""),
    ]
    return pd.concat(rows, ignore_index=True).assign(**about)


def choices(made: Segmentation) -> pd.DataFrame:
    """The numbers of personas that were tried, to so many digits as are the same on every processor.

    Where EM creeps, as it does with more classes than there are kinds, the next digits are those of its last steps.
    """
    digits = {"log_likelihood": 1, "bic": 1, "smallest": 3}
    digits |= dict.fromkeys(["entropy", "stability", "least_stable", "kmeans"], 2)
    return made.choices.astype(dict.fromkeys(digits, float)).round(digits)


def apart(made: Segmentation) -> pd.DataFrame:
    """What sets the personas apart, answer by answer; empty where there are none."""
    return segment_cards.in_words(made.cards if made.k > 1 else made.cards.iloc[:0], made.variables)


def note(rows: pd.DataFrame) -> str:
    """What stands under a table of profiles: the method, and what some cells lack."""
    if rows.empty:
        return ""
    found = [rows["method"].iloc[0] + "."]
    if rows["formed"].any():
        found.append(tr("No p: the attribute formed the groups, which differ in it by construction."))
    if rows["hidden"].any():
        found.append(tr("A dash: fewer than {n} people, who could be known by it.", n=LEAST_PEOPLE))
    bases = list(
        dict.fromkeys(f"{row.attribute}: {row.base}" for row in rows[~rows["base"].isin(["", ALL])].itertuples())
    )
    return " ".join([*found, *(f"{base}." for base in bases)])


def scores(found: Personas) -> pd.DataFrame:
    """Metrics and churn of the personas and of all, one below the other."""
    return pd.concat([found.metrics, found.churn], ignore_index=True)


def score_rows(found: Personas) -> pd.DataFrame:
    """scores() as a table: the row of all people bears the word for it."""
    rows = scores(found)
    return rows.assign(persona=[tr(ALL_PEOPLE) if name == ALL_PEOPLE else name for name in rows["persona"]])


def form_points(case: People, form: placement.Placement | None) -> pd.DataFrame:
    """The form's points as a table: question and answer in words, and a column a persona."""
    if form is None:
        return pd.DataFrame(columns=["question", "answer"])
    printed = placement.as_printed(form, case)
    rows = [(tr("To begin with"), "", *printed["start"])]
    rows += [(q["text"], a["label"], *a["points"]) for q in printed["questions"] for a in q["answers"]]
    return pd.DataFrame(rows, columns=["question", "answer", *form.columns])


def form_heads(form: placement.Placement | None) -> dict[str, tuple[str, str]]:
    """The heads of form_points(): the personas' names as they are."""
    heads = {"question": ("Question", "text"), "answer": ("Answer", "text")}
    personas = [] if form is None else zip(form.columns, form.names, strict=True)
    return heads | {column: (name, "base") for column, name in personas}


def agreement(case: People, form: placement.Placement | None) -> pd.DataFrame:
    """How often 1, 2 … questions place people as all do: questions, added (in words), estimate, low, high, n."""
    if form is None:
        return pd.DataFrame(columns=["questions", "added"])
    added = [case.study.label(name, case.table) for name in form.accuracy["added"]]
    return form.accuracy.assign(added=added, unit="percent")


def contrast(case: People, by: str = "") -> tuple[str, pd.DataFrame]:
    """The profile of a question's groups against the rest, and which group is told of first.

    A metric has bands: the best (promoters) against the worst (detractors); any other question its groups. Empty: the
    first metric of the survey; of customers, those who left against those who stayed. Empty where nobody gave the best
    or the worst answers. Raises CxError for a question that has no groups.
    """
    study, frame = case.study, case.frame
    metrics = study.questions("metric", case.table)
    if not by and not metrics:
        return _lost(case)
    name = by or metrics[0]
    if name in metrics:
        bands = value.bands(frame[name], study.metric(name, case.table))
        best, worst = bands.cat.categories[-1], bands.cat.categories[0]
        if not {best, worst} <= set(bands):
            return tr(str(best)), _none()
        grouped = frame.assign(**{GROUP: bands.where(bands.isin([best, worst])).cat.remove_unused_categories()})
        rows = persona_cards.profiles(case, grouped, group=GROUP, formed_by=(name,), against=worst)
        return _told(best, rows)
    if name not in frame or not isinstance(frame[name].dtype, pd.CategoricalDtype):
        known = [column for column in frame if isinstance(frame[column].dtype, pd.CategoricalDtype)]
        raise CxError(f"profiles are of the groups of a question; {name} has none{nearest(name, [*metrics, *known])}")
    grouped = frame.assign(**{GROUP: frame[name].cat.remove_unused_categories()})
    rows = persona_cards.profiles(case, grouped, group=GROUP, formed_by=(name,))
    return (str(grouped[GROUP].cat.categories[0]) if len(grouped[GROUP].cat.categories) else ""), rows


def lost(study, *, confidence: float = 0.95) -> tuple[str, pd.DataFrame]:
    """The profile of customers who left against those who stayed; empty without such customers."""
    known = study.has("customers") and "left" in study.table("customers")
    if not known or not people.profile_questions(study, "customers"):
        return "", pd.DataFrame(columns=COLUMNS)
    return _lost(people.everybody(study, "customers", confidence=confidence))


def _none() -> pd.DataFrame:
    """A profile without rows."""
    return pd.DataFrame(columns=COLUMNS)


def _lost(case: People) -> tuple[str, pd.DataFrame]:
    if "left" not in case.frame or case.frame["left"].isna().all():
        return "", pd.DataFrame(columns=COLUMNS)
    left = case.frame["left"].notna().map({True: LEFT, False: STAYED})
    grouped = case.frame.assign(**{GROUP: pd.Categorical(left, categories=[LEFT, STAYED])})
    return _told(LEFT, persona_cards.profiles(case, grouped, group=GROUP))


def _told(group: str, rows: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The rows of a group that this project names, and its name, in the language that is spoken."""
    own = rows[rows["group"] == group]
    return tr(str(group)), own.assign(**{name: own[name].map(tr) for name in ("group", "other")})


def lead_points(lead) -> pd.DataFrame:
    """What answers earn, without shares of a handful of people; empty without a scorecard."""
    if lead.score is None:
        return pd.DataFrame()
    points = lead.score.points.assign(unit="percent")
    return points.mask(points["n"] < LEAST_PEOPLE, points.assign(estimate=np.nan, low=np.nan, high=np.nan))


def lead_tables(study, made: Segmentation, lead) -> dict[str, tuple[pd.DataFrame, dict]]:
    """The tables of the lead score by name, as results.tables_of() takes them; none where there is no score."""
    if lead.score is None:
        return {}
    between, bases = {"low": None, "high": None}, {"n": None, "n_effective": None}
    lift = {
        "top": (noted("Top %"), "base"),
        "estimate": noted("Lift"),
        **between,
        "share": (noted("Ideal"), "percent"),
        **bases,
    }
    calibration = {
        "chance": (noted("Chance by the score"), "percent"),
        "estimate": noted("Ideal customers"),
        **between,
        **bases,
    }
    tests = {"test": (noted("Test"), "word"), "estimate": None, **between, "n": None}
    tested = lead.score.tests.rename(index=TESTS).reset_index(names="test")
    tables = {
        "lead_lift": (lead.score.lift.assign(unit="ratio"), tr("Ideal customers among those scored highest"), lift),
        "lead_calibration": (
            lead.score.calibration.assign(unit="percent"),
            tr("Chance and what was found, held out"),
            calibration,
        ),
        "lead_tests": (tested.assign(unit="ratio"), tr("What the score is worth"), tests),
    }
    if len(lead.prospects):
        heads = {
            "tenth": ("Tenth", "base"), "prospects": ("Prospects", "base"), "chance": ("Mean chance", "percent"),
            "least": ("Least score", "base"), "most": ("Most", "base"), "persona": "Most frequent persona",
        }  # fmt: skip
        tables["prospects"] = (_by_tenth(study, made, lead), tr("Prospects by score"), heads)
    return {
        name: (frame, {"caption": caption, "columns": list(heads), "labels": heads})
        for name, (frame, caption, heads) in tables.items()
    }


def _by_tenth(study, made: Segmentation, lead) -> pd.DataFrame:
    """Prospects in tenths of their score: how many, their mean chance, and the persona that most of them likely are.

    Of a tenth of a handful nothing but their number is told.
    """
    rows = lead.prospects[~lead.prospects["excluded"]]
    placed = leads.persona_of(study, made)
    called = pd.Series("", index=rows.index) if placed is None else placed.loc[rows["row"], "name"].set_axis(rows.index)
    grouped = rows.assign(persona=called).groupby("tenth")
    found = grouped.agg(
        prospects=("score", "size"),
        chance=("chance", "mean"),
        least=("score", "min"),
        most=("score", "max"),
        persona=("persona", lambda names: names.mode().iloc[0]),
    ).reset_index()
    few = found["prospects"] < LEAST_PEOPLE
    return found.mask(few, found.assign(chance=np.nan, least=np.nan, most=np.nan, persona=""))
