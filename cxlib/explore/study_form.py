"""The study form: a client's export looked through question by question, and written as a study.

A thin shell: form_facts tells what is shown, form_fields what the controls decide, form_written what becomes of it.
"""

import html
from pathlib import Path

import ipywidgets

from cxlib import new_draft, new_study, places
from cxlib.codebook import KEYS, METRIC_SCALES, ROLES
from cxlib.errors import CxError
from cxlib.explore import form_facts, form_fields, form_written
from cxlib.explore.keys import Keys
from cxlib.explore.live import live
from cxlib.explore.panel import STYLE
from cxlib.explore.parts import Part
from cxlib.language import languages, noted, tr

WIDE, NAMED = {"width": "100%", "max_width": "44rem"}, {"description_width": "9rem"}
METRICS = {"nps": "NPS (0-10)", "csat": "CSAT (1-5)", "ces": "CES (1-7)", "ces_top3": noted("CES top three (1-7)")}
METRICS |= {"mean": noted("mean of the answers"), "share": noted("share of some answers")}
SAMPLES = {
    "probability": noted("drawn at random"),
    "quota": noted("filled up by quotas"),
    "panel": noted("members of a panel"),
    "opt_in": noted("whoever answered"),
    "census": noted("everybody was asked"),
}


def study(*exports: str | Path, folder: str | Path = "") -> "StudyForm":
    """The form that makes a study of a client's export: the interactive face of `cx new`.

    `exports` are the files, one a wave, looked up from the current folder and from the project's; `folder` is where the
    study is to be written (it can be changed in the form). In a notebook that nobody sits before it is a table of the
    guesses. Raises CxError where an export is not there, cannot be read, or is no table of respondents.
    """
    if not exports:
        raise CxError("name the export that the study is of, e.g. explore.study('export.csv')")
    return StudyForm(new_draft.begin([places.find(export, "export") for export in exports]), str(folder))


class FormKeys(Keys):
    """Keys with the form's style: JupyterLab takes a <style> out of a widget's HTML."""

    _css = Path(__file__).with_name("form.css")


class StudyForm:
    """The form on a draft (`draft`, what has been decided so far). Displayed, it is live where somebody can use it."""

    def __init__(self, draft: new_draft.Draft, folder: str):
        self.draft, self.folder = new_study.titled(Path(folder), draft) if folder else draft, folder
        self.widgets: dict[str, ipywidgets.Widget] = {}  # by name; empty until the form is opened
        self._box, self._listing = None, False

    def open(self) -> ipywidgets.Widget:
        """The widgets, made at the first call."""
        if self._box is None:
            self._build()
            self._list()
        return self._box

    def _build(self) -> None:
        options = [(tr("(choose a role)"), "")]
        options += [(tr(form_facts.ROLES[r]), r) for r in (*ROLES, *KEYS["survey"], *new_draft.APART)]
        about = self.draft
        made = {
            "questions": ipywidgets.Select(description=tr("Questions"), rows=24, layout={"width": "24rem"}),
            "role": _dropdown(tr("Role"), options),
            "label": _entry(tr("Label")),
            "metric": _dropdown(tr("Metric"), [(tr(told), name) for name, told in METRICS.items()]),
            "good": ipywidgets.SelectMultiple(description=tr("Answers that count"), rows=6, layout=WIDE, style=NAMED),
            "scale": _entry(tr("Scale"), "1-5"),
            "missing": _entry(tr("No answer"), "0, 6, N/A"),
            "confirm": _button(tr("Confirm and go on"), "primary"),
            "sure": _button(tr("Confirm all guesses of high confidence")),
            "title": _entry(tr("Title"), value=about.title),
            "language": _dropdown(tr("Language"), [(name, name) for name in languages()], about.language),
            "sample": _dropdown(tr("Sample"), [(tr(told), name) for name, told in SAMPLES.items()], about.sample),
            "folder": _entry(tr("Folder"), "data/acme", self.folder),
            "write": _button(tr("Write study.yml"), "primary"),
        }
        self.widgets = made
        self._facts, self._said, self._done = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        made["questions"].observe(lambda _: self._show(), "value")
        for name in ("role", "metric"):
            made[name].observe(lambda _: self._fit(), "value")
        made["confirm"].on_click(lambda _: self._try(self.confirm))
        made["sure"].on_click(lambda _: self._try(self.confirm_sure))
        made["write"].on_click(lambda _: self._try(self.write))
        names = ("role", "label", "metric", "good", "scale", "missing", "confirm")
        right = ipywidgets.VBox([self._facts, *(made[n] for n in names), self._said], layout={"flex": "1 1 24rem"})
        left = ipywidgets.VBox([made["questions"], made["sure"]])
        middle = ipywidgets.Box([left, right], layout={"flex_flow": "row wrap"})
        below = [made[n] for n in ("title", "language", "sample", "folder", "write")]
        self._box = ipywidgets.VBox([FormKeys(), middle, *below, self._done])
        self._box.add_class("cx-panel")
        self._box.add_class("cx-form")

    @property
    def chosen(self):
        """The guess of the question that is being looked at."""
        return self.draft.found[self.widgets["questions"].value]

    def confirm(self) -> None:
        """Decide the chosen question as the controls say, and go on to the next that is not decided."""
        value = {name: self.widgets[name].value for name in ("role", "metric", "scale", "missing", "good", "label")}
        place = self.widgets["questions"].value
        self.draft = form_fields.said(self.draft, self.chosen, form_fields.Fields(**value))
        later = [*range(place + 1, len(self.draft.found)), *range(place + 1)]
        self._list(next((n for n in later if not self.draft.found[n].decided), place))
        self._said.value = ""

    def confirm_sure(self) -> None:
        """Decide all questions whose guess is of high confidence."""
        for made in self.draft.found:
            if made.confidence == "high" and made.use != "candidate":
                self.draft = new_draft.confirm(self.draft, made.columns[0])
        self._list(self.widgets["questions"].value)

    def write(self) -> None:
        """Write the study as it is decided, check it, and tell what follows."""
        told = {name: self.widgets[name].value for name in ("title", "language", "sample")}
        self.draft = new_draft.about(self.draft, **told)
        self._done.value = _page(form_written.shown(form_written.write(self.draft, self.widgets["folder"].value)))

    def _try(self, step) -> None:
        """A step of the form; an error of the person's is told beside it and changes nothing."""
        where = self._done if step == self.write else self._said
        try:
            step()
        except CxError as error:
            where.value = _page([Part(f'<p class="cx-error" role="alert">{html.escape(str(error))}</p>', "")])

    def _list(self, place: int = 0) -> None:
        """The list of questions, each with its mark, the question at `place` chosen."""
        listed = []
        for number, made in enumerate(self.draft.found):
            mark = "✓" if made.decided else "?" if made.use == "candidate" else "·"
            role = form_facts.role_of(made)
            listed.append(
                (f"{mark} {form_facts.title(self.draft, made)}: {tr(form_facts.ROLES[role]) if role else '?'}", number)
            )
        self._listing = True  # the list passes through other questions while it is filled
        self.widgets["questions"].options = listed
        self.widgets["questions"].value = place
        self._listing = False
        self._show()

    def _show(self) -> None:
        """The chosen question: its wording, guess and answers, and the controls as they stand for it."""
        if self._listing:
            return
        made = self.chosen
        decided = sum(each.decided for each in self.draft.found)
        told = tr("{n} of {all} questions are decided", n=decided, all=len(self.draft.found))
        lines = [f"<p>{html.escape(told)}</p>", f"<h3>{html.escape(form_facts.wording(self.draft, made))}</h3>"]
        lines += [f"<p>{html.escape(form_facts.guessed(made))}</p>"]
        self._facts.value = _page(
            [Part("".join(lines) + form_facts.bars_html(form_facts.distribution(self.draft, made)), "")]
        )
        shown = form_fields.fields(self.draft, made)
        self.widgets["good"].options = form_fields.answers(self.draft, made)
        for name in ("role", "metric", "scale", "missing", "label"):
            self.widgets[name].value = getattr(shown, name)
        self.widgets["good"].value = tuple(a for a in shown.good if a in self.widgets["good"].options)
        self._fit()

    def _fit(self) -> None:
        """Only the controls that the chosen role needs."""
        role, metric = self.widgets["role"].value, self.widgets["metric"].value
        needed = {
            "label": role in ROLES,
            "metric": role == "metric",
            "good": role == "metric" and metric == "share",
            "scale": role == "driver" or (role == "metric" and metric not in METRIC_SCALES),
            "missing": role in ROLES and role != "comment",
        }
        for name, shown in needed.items():
            self.widgets[name].layout.display = None if shown else "none"

    def _repr_mimebundle_(self, **_) -> dict:
        if live():
            return self.open()._repr_mimebundle_()
        overview = form_facts.overview(self.draft)
        return {"text/html": STYLE + _page(overview), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "\n".join(part.plain for part in form_facts.overview(self.draft))


def _page(parts: list[Part]) -> str:
    return f'<div class="cx-answer">{"".join(part.html for part in parts)}</div>'


def _dropdown(label: str, options: list[tuple[str, str]], value: str | None = None) -> ipywidgets.Dropdown:
    chosen = {} if value is None else {"value": value}
    return ipywidgets.Dropdown(description=label, options=options, layout=WIDE, style=NAMED, **chosen)


def _entry(label: str, example: str = "", value: str = "") -> ipywidgets.Text:
    hint = tr("e.g. {example}", example=example) if example else ""
    return ipywidgets.Text(description=label, placeholder=hint, value=value, layout=WIDE, style=NAMED)


def _button(label: str, style: str = "") -> ipywidgets.Button:
    return ipywidgets.Button(description=label, button_style=style, layout={"width": "auto"})
