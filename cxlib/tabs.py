"""The tab book of a study: its questions by its segments, which of them are related, and its batteries of ratings."""

import numpy as np
import pandas as pd

from cxlib import batteries, text
from cxlib.banner import Banner, banner
from cxlib.banner_lines import RATING, counted
from cxlib.corrections import adjust
from cxlib.counts import columns_in
from cxlib.crosstabs import related
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import estimates
from cxlib.variance import linearise

ALL = noted("all")  # the factor of drivers that declare none
ROWS = ("metric", "single", "multi", "number", "driver", "segment")


def chosen_banner(study, names: str = "", wave: str | None = None) -> list[str]:
    """The banner questions named in a comma-separated list; else the study's `banner:`, else all of its segments.

    Where the study looks at a part of the sample (Study.only(), or a part of the study), the latter are those that have
    at least two groups in it, in this wave.
    """
    known = [*study.questions("segment"), *study.questions("single"), *study.questions("multi")]
    if study.waves:
        known.append("wave")
    named = _named(names, known, "banner question")
    chosen = list(study.book.banner) or [n for n in study.questions("segment") if study.survey[n].nunique() > 1]
    whole = study.domain is None and study.part is None
    return named or [name for name in chosen if whole or _parted(study, name, wave)]


def _parted(study, name: str, wave: str | None) -> bool:
    """Whether those whom the study looks at are of at least two groups of a banner question, in a wave."""
    frame = study.survey if study.domain is None else study.survey[study.domain]
    if wave is not None and name != "wave":
        frame = frame[frame["wave"].astype(str) == wave]
    if name in frame:
        return frame[name].nunique() > 1
    return int(frame[[c for c in frame if c.startswith(f"{name}.")]].eq(1).any().sum()) > 1


def chosen_rows(study, names: str = "") -> list[str]:
    """The questions named in a comma-separated list; where it is empty all but drivers, segments and comments."""
    known = [name for role in ROWS for name in study.questions(role)]
    return _named(names, known, "question") or [name for role in ROWS[:4] for name in study.questions(role)]


def relatable(study, names: str = "") -> list[str]:
    """Of the questions named (empty: all), those with answers in groups: single questions and segments."""
    return _named(names, [n for role in ROWS for n in study.questions(role)], "question") or [
        name for role in ("single", "segment") for name in study.questions(role)
    ]


def _named(names: str, known: list[str], what: str) -> list[str]:
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in known:
            raise CxError(f"there is no {what} {name}; there are {', '.join(known)}{nearest(name, known)}")
    return chosen


def tab_book(
    study,
    wave: str | None,
    rows: list[str],
    columns: list[str],
    *,
    correction="holm",
    test="t",
    confidence=0.95,
    method="mover",
) -> Banner | None:
    """Questions by segments in one wave, under the study's design; a banner of waves takes all waves.

    Bases are those who were asked: in the wave, and as the question's `asked:` says, of those whom the study looks at.
    Questions that nobody answered in the wave are left out. `method` is that of the intervals of differences of shares.
    None for a study without a banner question.
    """
    if not columns:
        return None
    spec, within = study.book.tables["survey"].questions, None if "wave" in columns else wave
    routes = {name: _asked(study, name, within) for name in rows}
    frame = study.survey.assign(**{f"_asked.{name}": route for name, route in routes.items() if route is not None})
    rows = [name for name in rows if _answered(frame, name, routes[name])]
    if not rows:
        raise CxError(f"none of the questions of the tab book has answers in wave {wave}")
    labels = {"wave": tr("Wave")}
    for name in {*rows, *columns} - {"wave"}:
        labels |= _labels(study, name)
    labels |= {name: _routed(study, name) for name in rows if spec.get(name) and spec[name].asked}
    return banner(
        frame,
        rows,
        columns,
        metrics={name: study.metric(name) for name in rows if name in study.questions("metric")},
        asked={name: f"_asked.{name}" for name in rows if routes[name] is not None},
        labels=labels,
        sequence=[name for name in columns if name == "wave"],
        correction=correction,
        test=test,
        confidence=confidence,
        method=method,
        minimum_base=study.book.minimum_base,
        **study.design,
    )


def wordings(study) -> dict[str, str]:
    """The wording of each question of the survey, by what the tab book calls it."""
    found = {}
    for name, question in study.book.tables["survey"].questions.items():
        if question.text is not None:
            title = _routed(study, name) if question.asked else study.label(name)
            found |= dict.fromkeys((title, f"{title} ({name})"), study.book.words(question.text))
    return found


def _routed(study, name: str) -> str:
    """What a question is called that not everybody was asked."""
    return tr("{question} (asked where {route})", question=study.label(name), route=_route(study, name))


def _answered(frame: pd.DataFrame, name: str, asked: pd.Series | None) -> bool:
    columns = [name] if name in frame else [c for c in frame if c.startswith(f"{name}.")]
    answers = frame[columns].notna().any(axis=1)
    return bool(answers.any() if asked is None else answers[asked == 1].any())


def _asked(study, name: str, wave: str | None) -> pd.Series | None:
    """1 for respondents who were asked a question (in a wave, of those looked at), else 0; None where everybody was.

    A route leads through the routes of the questions that it depends on.
    """
    survey, spec = study.survey, study.book.tables["survey"].questions
    asked = pd.Series(True, index=survey.index)
    if wave is not None:
        asked &= survey["wave"].astype(str) == wave
    if study.domain is not None:
        asked &= study.domain
    todo, seen = [name], set()
    while todo:
        current = todo.pop()
        if current in seen or current not in spec:
            continue
        seen.add(current)
        for router, codes in spec[current].asked.items():
            asked &= study.gave(router, codes)
            todo.append(router)
    return None if asked.all() else asked.astype(float)


def _route(study, name: str) -> str:
    """Who was asked, in words: Had a problem is Yes."""
    routes = study.book.tables["survey"].questions[name].asked
    return text.join(
        [
            tr("{question} is {answers}", question=study.label(router), answers=_any(study.answer_words(router, codes)))
            for router, codes in routes.items()
        ]
    )


def _any(answers: list[str]) -> str:
    """One of several answers: a or b."""
    if len(answers) < 2:
        return "".join(answers)
    return tr("{answers} or {last}", answers=_any(answers[:-1]), last=answers[-1])


def _labels(study, name: str) -> dict[str, str]:
    """What a question, its options, nets and rated answers are called in print."""
    question = study.book.tables["survey"].questions.get(name)
    labels = {name: study.label(name)}
    if question is None:
        return labels
    words = {c: study.book.words(said) for c, said in question.labels.items()}
    labels |= {f"{name}.{c}": said for c, said in words.items()}
    labels |= {f"{name}={c}": f"{c} {said}" for c, said in words.items()}
    return labels | {f"{name}.{net}": tr("Net: {net}", net=study.book.named(net)) for net in question.nets}


def relations(study, wave: str | None, rows: list[str], columns: list[str]) -> pd.DataFrame:
    """Each single question and segment by each banner question: Rao-Scott's F, and p with Holm's correction over all.

    Columns: question, banner, statistic, df1, df2, p, p_adjusted, n, n_effective, method, most strongly related first.
    """
    survey, pairs, answers = study.survey, [], {}
    for name in rows:
        if name not in survey or not isinstance(survey[name].dtype, pd.CategoricalDtype):
            continue
        # Answers outside the wave and the route become blanks; the design stays whole.
        asked = _asked(study, name, wave)
        answers[f"_of.{name}"] = survey[name] if asked is None else survey[name].where(asked == 1)
        seen = {frozenset(pair) for pair in pairs}
        others = [column for column in columns if column not in (name, "wave") and column in survey]
        pairs += [(name, column) for column in others if frozenset((name, column)) not in seen]
    placed = [(f"_of.{name}", column) for name, column in pairs]
    tests = related(survey.assign(**answers), placed, least=study.book.minimum_base, **study.design)
    found = [
        (
            study.label(name),
            study.label(column),
            test.statistic,
            *test.df,
            test.p,
            test.n,
            test.n_effective,
            test.method,
        )
        for (name, column), test in zip(pairs, tests, strict=True)
        if test is not None
    ]
    heads = ["question", "banner", "statistic", "df1", "df2", "p", "n", "n_effective", "method"]
    table = pd.DataFrame(found, columns=heads)
    return table.assign(p_adjusted=adjust(table["p"].to_numpy(float))).sort_values(
        "p", kind="stable", ignore_index=True
    )


def _rated(study, name: str) -> bool:
    """Whether a driver is a rating, of a few whole answers, and not a number such as an income."""
    scale, answers = study.book.tables["survey"].questions[name].scale, study.survey[name].dropna()
    if scale is not None and scale[1] - scale[0] >= RATING:
        return False
    return answers.nunique() <= RATING and (scale is not None or bool((answers % 1 == 0).all()))


def factors(study) -> dict[str, list[str]]:
    """The rated drivers by the factor that they belong to; all in one where no factor is declared."""
    spec, found = study.book.tables["survey"].questions, {}
    for name in filter(lambda name: _rated(study, name), study.questions("driver")):
        found.setdefault(spec[name].factor or ALL, []).append(name)
    return found


def reliability(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """Alpha and omega of every factor of at least two (omega: three) drivers.

    Columns: factor, items, measure, estimate, low, high, se, n, n_effective, method. The method names items that run
    against the rest. A coefficient that the answers do not allow (no omega fits, say) is nan, its reason the method.
    """
    frame = _in_wave(study, wave)
    design = {k: v for k, v in study.design.items() if k != "fpc"}
    rows = []
    for factor, items in factors(study).items():
        items = [item for item in items if frame[item].nunique() > 1]
        questions = [study.book.tables["survey"].questions[item] for item in items]
        reverse = [item for item, question in zip(items, questions, strict=True) if question.reverse]
        for name, least in (("alpha", 2), ("omega", 3)):
            if len(items) < least:
                continue
            scale = questions[0].scale if len({q.scale for q in questions}) == 1 else None
            called = tr(ALL) if factor == ALL else study.book.named(factor)
            about = {"factor": called.capitalize(), "items": len(items), "measure": name.capitalize()}
            how = {"reverse": reverse, "scale": scale, "confidence": confidence, **design}
            try:
                rows.append(about | getattr(batteries, name)(frame, items, **how).to_dict())
            except CxError as error:
                answered = int(frame[items].notna().any(axis=1).sum())
                none = dict.fromkeys(("value", "low", "high", "se", "n_effective"), float("nan"))
                rows.append(about | none | {"n": answered, "unit": "score", "method": str(error)})
    return pd.DataFrame(rows).rename(columns={"value": "estimate"}).drop(columns="name", errors="ignore")


def ratings(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """The share of each answer to every driver, with interval, in one wave: item, answer, estimate, low, high, n.

    No rows where there is no driver that two different answers were given to.
    """
    frame, design = _in_wave(study, wave), study.design
    asked = []
    for item in (item for items in factors(study).values() for item in items):
        given, scale = frame[item].dropna(), study.book.tables["survey"].questions[item].scale
        if given.nunique() < 2:
            continue
        # Answers of the scale that nobody gave count as 0%, so that its middle stays where it is.
        whole = scale is not None and (given % 1 == 0).all()
        answers = list(range(int(scale[0]), int(scale[1]) + 1)) if whole else sorted(given.unique())
        asked += [(item, answer) for answer in answers]
    if not asked:
        return pd.DataFrame(columns=["item", "answer", "estimate", "n"])
    names, weights = list(dict.fromkeys(item for item, _ in asked)), design.pop("weights", None)
    table = counted(frame, [*names, *columns_in(design)], weights)
    values = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in names}
    hits = np.column_stack([values[item] == answer for item, answer in asked])
    y = np.where(np.column_stack([np.isnan(values[item]) for item, _ in asked]), np.nan, 100.0 * hits)
    domains = linearise(table, y, **design)
    rows = estimates(domains, [0.0, 100.0], table, y, weighted=weights is not None, confidence=confidence)
    return rows.assign(
        answer=[answer for _, answer in asked],
        count=hits.sum(axis=0),
        item=[study.label(item) for item, _ in asked],
        name=[item for item, _ in asked],
        unit="percent",
    )


def _in_wave(study, wave: str | None) -> pd.DataFrame:
    """The survey with the drivers blank outside the wave: the design stays whole."""
    survey = study.survey
    if wave is None:
        return survey
    inside = survey["wave"].astype(str) == wave
    return survey.assign(**{name: survey[name].where(inside) for name in study.questions("driver")})


def of_wave(rows: pd.DataFrame, wave: str) -> pd.DataFrame:
    """The rows of one wave."""
    return rows[rows["wave"] == wave] if len(rows) else rows
