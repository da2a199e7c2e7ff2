"""What a new study can report, and what to type next."""

import shlex
from pathlib import Path

from cxlib.errors import CxError
from cxlib.guess_outcomes import outcomes
from cxlib.new_draft import Draft, decide
from cxlib.new_text import entries
from cxlib.study_text import block, question

NO_METRIC = "no question is a metric (NPS, CSAT, CES or one of your own), and most chapters are about one"


def next_steps(folder: Path, draft: Draft, *, command: str = "cx") -> list[str]:
    """The chapters that run on the new study in `folder`, why others do not, and the commands that follow.

    Without a metric also the lines of study.yml that would make one of the likeliest question. `command` is how cx is
    called here.
    """
    runs, left_out = chapters(folder)
    lines = [f"the report holds: {', '.join(runs)}"] if runs else []
    lines += [f"left out of it: {name}: {why}" for name, why in left_out.items()]
    if not any(made.use == "question" and made.role == "metric" for made in draft.found):
        lines += [f"metric: {NO_METRIC}", *_example(draft)]
    place = shlex.quote(str(folder))
    commands = [f"  {command} check {place}"] + ([f"  {command} report {place}"] if runs else [])
    return [*lines, "next:", *commands]


def chapters(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The chapters that a study can be reported with, and what each of the others lacks."""
    from cxlib.report.plan import SUMMARY, make_plan

    try:
        plan, _ = make_plan(str(folder))
    except CxError as error:
        return [], {"every chapter": str(error).partition("no chapter can run: ")[2] or str(error)}
    return [planned.chapter for planned in plan.chapters if planned.chapter != SUMMARY] + [SUMMARY], plan.left_out


def _example(draft: Draft) -> list[str]:
    """The likeliest outcome as lines of study.yml, and how to be asked instead."""
    found = outcomes(draft)
    if not found:
        told = "study.yml names one under `questions:`, where a column holds ratings, e.g."
        return [told, "  recommend: {role: metric, metric: nps}"]
    best = found[0]
    made = decide(draft, best.column, "metric", metric=best.metric, good=best.good)
    guess = made.of(best.column)
    own = ["metrics:", *block(guess.own, 2)] if guess.own else []
    told = question(made.names[guess.columns], guess, entries(made, guess))
    asked = "run at a terminal, into another folder, `cx new` asks which question it is; or study.yml says it, e.g."
    return [asked, *own, *told]
