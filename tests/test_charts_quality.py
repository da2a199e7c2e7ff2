"""Facts about the pictures of data quality: every number there, letters whole and apart, signs apart by shape."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from pictures import assert_every_letter_has_a_glyph, assert_letters_apart

from cxlib.charts import quality

LONG = "Mức độ hài lòng với việc giải quyết sự cố qua tổng đài, ứng dụng và tại cửa hàng"


def items(n: int = 8) -> pd.DataFrame:
    rows = []
    for i in range(n):
        blank, declared, never = 3 * i, 2 * (i % 3), 40 * (i == 2)
        rows.append((f"{LONG} {i}" if i == 5 else f"Câu hỏi {i}", "driver", 200, blank, declared, never,
                     (blank + declared) / 2))  # fmt: skip
    rows.append(("Ý kiến", "comment", 200, 150, 0, 0, 75.0))
    return pd.DataFrame(rows, columns=["label", "role", "asked", "blank", "no_answer", "never_used", "estimate"])


def patterns() -> pd.DataFrame:
    rows = [("complete", (), 0, 60.0), ("gaps", ("Câu 1",), 1, 20.0), ("gaps", ("Câu 1", LONG), 2, 10.0),
            ("drop-off", ("Câu 2", LONG), 2, 5.0), ("other patterns", (), np.nan, 5.0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["kind", "questions", "missing", "estimate"]).assign(n=400)


def who() -> pd.DataFrame:
    rows = [("Giới tính", "Nữ", 60, 55, 65, 52, 52), ("Giới tính", "Nam", 40, 35, 45, 48, 48),
            ("Vùng", LONG, 70, 62, 77, 55, np.nan), ("Vùng", "Miền Bắc", 30, 23, 38, 45, np.nan)]  # fmt: skip
    return pd.DataFrame(rows, columns=["label", "level", "estimate", "low", "high", "weighted", "population"])


def effect() -> pd.DataFrame:
    rows = []
    for label, unit, value in (("NPS", "points", 40.0), (LONG, "percent", 80.0)):
        for check, out, applied in (("all that the study leaves out", 1234, True), ("near_duplicate", 0, False),
                                    ("straightliner", 34, False)):  # fmt: skip
            rows.append((label, unit, check, applied, out, value, value - 3, value + 3, value + 1, value - 2, value + 4,
                         1.0))  # fmt: skip
    return pd.DataFrame(rows, columns=["label", "unit", "check", "applied", "left_out", "all", "all_low", "all_high",
                                       "estimate", "low", "high", "change"])  # fmt: skip


def verdicts() -> pd.DataFrame:
    two = ("Its 160 answers are worth 80 of a simple random sample, fewer than 100.", f"Do not compare it: {LONG}.")
    reasons = [("Đủ số câu trả lời.",), two, ("It rests on 12 answers; the study's minimum is 30.",)]
    return pd.DataFrame({"label": ["NPS", f"CSAT: {LONG}", "CES"], "wave": ["2026-H2", "2026-H2", None],
                         "verdict": ["fit to report", "report with caution", "do not report"], "reasons": reasons,
                         "estimate": [45.8, 79.6, 5.5], "low": [40.1, 77.0, 5.2], "high": [51.0, 82.0, 5.8],
                         "n": [1963, 160, 12], "unit": ["points", "percent", "score"]})  # fmt: skip


CHARTS = {
    "bars": lambda: quality.missing_bars(items(), title="Câu hỏi bị bỏ trống"),
    "matrix": lambda: quality.pattern_matrix(
        patterns(), title="Những câu trả lời nào cùng bị bỏ trống trong một phiếu"
    ),
    "who": lambda: quality.who_dumbbell(who(), title="Ai đã trả lời"),
    "effect": lambda: quality.with_and_without(effect(), title="Các chỉ số khi có và không có những người bị đánh dấu"),
    "board": lambda: quality.verdict_board(verdicts(), title="Điều gì có thể báo cáo"),
}


def shown(figure) -> list[str]:
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("name", CHARTS)
def test_letters_are_whole_and_apart(name):
    figure = CHARTS[name]()
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    # Ticks beyond the limits of an axis have labels that are not drawn.
    beyond = {
        label
        for axis in figure.axes
        for tick in axis.xaxis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not axis.get_xlim()[0] <= tick.get_loc() <= axis.get_xlim()[1]
    }
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts if t not in beyond]
    assert_letters_apart(figure, boxes, beyond=2, name=name)
    assert_every_letter_has_a_glyph(figure)
    assert figure.get_size_inches()[0] == pytest.approx(5.2)


def test_bars_stack_to_the_shares_and_leave_comments_out():
    figure = quality.missing_bars(items(), title="x")
    texts = shown(figure)
    assert "Ý kiến" not in texts
    # Of question 7: 21 blank and 2 declared of 200.
    assert "11.5%" in texts
    widths = [patch.get_width() for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert sum(widths) == pytest.approx(items().iloc[:-1][["blank", "no_answer", "never_used"]].to_numpy().sum() / 2)
    assert texts.index("Câu hỏi 7") < texts.index("Câu hỏi 1")
    hatched = {patch.get_hatch() for patch in figure.axes[0].patches}
    assert hatched == {"////", None, "...."}


def test_matrix_marks_what_is_missing():
    figure = quality.pattern_matrix(patterns(), title="x")
    cells = [patch for patch in figure.axes[1].patches if isinstance(patch, Rectangle)]
    dark = [patch for patch in cells if patch.get_facecolor()[0] < 0.5]
    assert (len(cells), len(dark)) == (9, 5)
    assert sum(patch.get_hatch() is not None for patch in dark) == 2
    assert any("nothing missing 60.0%; other patterns 5.0%; n = 400" in text for text in shown(figure))


def test_dumbbells_join_sample_and_weighted_share():
    figure = quality.who_dumbbell(who(), title="x")
    lines = {
        line.get_marker(): line.get_xdata().tolist() for line in figure.axes[0].lines if len(line.get_xdata()) == 4
    }
    assert lines["|"][:2] == [52, 48]
    circles = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert circles == [[60, 40, 70, 30], [52, 48, 55, 45]]
    assert "population" in shown(figure)
    assert "population" not in shown(quality.who_dumbbell(who().assign(population=np.nan), title="x"))


def test_checks_that_leave_nobody_out_are_not_drawn():
    figure = quality.with_and_without(effect(), title="x")
    assert len(figure.axes) == 2
    texts = shown(figure)
    assert not any("near-duplicate" in text for text in texts)
    assert "straightliner (34)" in texts
    assert texts.count("+1.00") == 4
    bold = [label.get_text() for label in figure.axes[0].get_yticklabels() if label.get_weight() == "bold"]
    assert bold == ["all that the study leaves\nout (1,234)"]


def test_signs_differ_by_shape():
    figure = quality.verdict_board(verdicts(), title="x")
    signs = [line.get_marker() for line in figure.axes[0].lines if line.get_marker() not in ("None", None)]
    assert signs == ["o", "^", "X"]
    texts = shown(figure)
    assert {"Fit to report", "Report with caution", "Do not report"} <= set(texts)
    assert "45.8  (40.1 to 51.0)" in texts
    assert "**" in texts
    assert not any("5.5" in text for text in texts)


def test_nothing_to_draw():
    empty = items().assign(blank=0, no_answer=0, never_used=0)
    assert quality.missing_bars(empty, title="x") is None
    assert quality.pattern_matrix(patterns().iloc[:1], title="x") is None
    assert quality.pattern_matrix(patterns().assign(estimate=np.nan), title="x") is None
    assert quality.who_dumbbell(who().iloc[:0], title="x") is None
    assert quality.with_and_without(effect().assign(left_out=0), title="x") is None
    assert quality.verdict_board(verdicts().iloc[:0], title="x") is None
