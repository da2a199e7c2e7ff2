"""Facts about the driver chapter's pictures: nothing cut, nothing overlapping, every number where it belongs."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from pictures import assert_every_letter_has_a_glyph, assert_letters_apart
from test_charts import texts

from cxlib import CxError, charts

VIETNAMESE = [
    "Thái độ phục vụ của nhân viên", "Kiến thức của nhân viên", "Tốc độ phục vụ", "Giờ mở cửa và vị trí",
    "Tính tiền và thanh toán", "Giao hàng tận nơi đúng hẹn", "Phản hồi thắc mắc", "Giải quyết sự cố",
    "Chất lượng hàng hóa", "Hàng hóa đa dạng", "Giá cả và khuyến mãi", "Ứng dụng và trang web",
    "Cách bày trí cửa hàng", "Thông tin trước khi mua", "Vệ sinh và an toàn thực phẩm",
]  # fmt: skip


def mapped(x, y, *, half=(0.05, 0.8), labels=VIETNAMESE) -> pd.DataFrame:
    """A frame of performance.quadrants() with drivers at these places."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    frame = pd.DataFrame({"estimate": x, "importance": y}, index=[f"d{i}" for i in range(len(x))])
    frame = frame.assign(low=x - half[0], high=x + half[0], importance_low=y - half[1], importance_high=y + half[1])
    first = (y > y.mean()) & (x < x.mean())
    return frame.assign(
        importance_mean=y.mean(), performance_mean=x.mean(), quadrant=np.where(first, "improve first", "keep up"),
        verdict=np.where(np.arange(len(x)) % 2, "keep up", "not told apart"), label=labels[: len(x)],
    )  # fmt: skip


def clump(seed: int, spread: float = 0.02) -> pd.DataFrame:
    """Fifteen drivers of long names so near to one another that their marks touch."""
    rng = np.random.default_rng(seed)
    return mapped(3.7 + spread * rng.standard_normal(15), 6 + 15 * spread * rng.standard_normal(15))


def rivals(frame: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (d, c, frame.loc[d, "estimate"] + by) for c, by in (("Phố Chợ", 0.03), ("Nhà Tiện", -0.04)) for d in frame.index
    ]
    return pd.DataFrame(rows, columns=["driver", "company", "estimate"])


def ranked(n: int) -> pd.DataFrame:
    estimate = np.linspace(0.12, 0.0, n)
    frame = pd.DataFrame(
        {"estimate": estimate, "low": estimate - 0.01, "high": estimate + 0.02, "rank": np.arange(n) + 1}
    )
    frame = frame.assign(rank_low=[1, *range(1, n)], rank_high=[1, *[min(i + 3, n) for i in range(1, n)]])
    return frame.assign(label=VIETNAMESE[:n])


def two_sided(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"penalty": -20 * rng.random(n), "reward": 15 * rng.random(n)})
    for name in ("penalty", "reward"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] - 4, frame[name] + 4
    kinds = ["basic", "performance", "excitement", "not told apart", "no effect shown"]
    return frame.assign(kind=[kinds[i % 5] for i in range(n)], label=VIETNAMESE[:n])


WAVES = ["2025-H1", "2025-H2", "2026-H1", "2026-H2"]


def changed(
    waves=WAVES, names=("Re-trained", "Comparison"), values=((33, 16, 37, 58), (28, 20, 35, 39))
) -> pd.DataFrame:
    rows = [
        (kind, name, wave, value)
        for kind, name, given in zip(("treated", "comparison"), names, values, strict=True)
        for wave, value in zip(waves, given[-len(waves) :], strict=True)
    ]
    rows.append(("counterfactual", names[0], waves[-1], values[0][-2] + values[1][-1] - values[1][-2]))
    frame = pd.DataFrame(rows, columns=["kind", "group", "wave", "estimate"])
    return frame.assign(low=frame["estimate"] - 8, high=frame["estimate"] + 8)


def worth() -> pd.DataFrame:
    bands = ["Detractors", "Passives", "Promoters", "No answer"]
    parts = [("value", "Value of a customer", "count", [2_834_824, 2_711_562, np.nan, 3_747_045], 90_000)]
    parts += [("churn", "Left within 90 days", "percent", [23.0, 21.0, 16.4, 1.4], 1.3)]
    frames = [
        pd.DataFrame({"outcome": outcome, "label": label, "unit": unit, "band": bands, "estimate": values,
                      "low": np.array(values) - half, "high": np.array(values) + half, "n": [811, 1666, 12, 15507]})
        for outcome, label, unit, values, half in parts
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


LONG = ("Cửa hàng được đào tạo lại giao hàng và hỗ trợ", "Cửa hàng đối chứng không được đào tạo")


@pytest.fixture(scope="module")
def drawings() -> dict:
    spread = mapped(np.linspace(3.4, 4.2, 14), np.tile([2.0, 7.0], 7))
    how = {"before": "2026-H1", "after": "2026-H2", "unit": "points"}
    frames = {f"clump {seed}": clump(seed) for seed in range(3)} | {"same place": mapped([3.7] * 15, [6.0] * 15)}
    return {name: charts.importance_map(frame, title="What to improve first") for name, frame in frames.items()} | {
        "spread": charts.importance_map(spread, title="Ưu tiên cải thiện", importance="Points", performance="Score"),
        "rivals": charts.importance_map(spread, title="Ours and theirs", competitors=rivals(spread)),
        "one": charts.importance_map(mapped([3.7], [6.0]), title="One driver alone"),
        "importance": charts.importance(ranked(15), title="What moves recommendation, in shares of its variance"),
        "penalty": charts.penalty_reward(two_sided(15), title="What costs, and what wins"),
        "forest": charts.forest(
            two_sided(14).rename(columns={"reward": "estimate", "reward_low": "low", "reward_high": "high"}),
            title="One more point goes with", unit="points",
        ),
        "change": charts.before_after(changed(), title="NPS of re-trained shops and of the others", **how),
        "close": charts.before_after(
            changed(WAVES[2:], LONG, ((0, 0, 35, 36), (0, 0, 35, 36))), title="Hai đợt khảo sát", **how
        ),
        "bands": charts.bands(worth()),
    }  # fmt: skip


NAMES = ["clump 0", "clump 1", "clump 2", "same place", "spread", "rivals", "one", "importance", "penalty", "forest"]
NAMES += ["change", "close", "bands"]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_and_no_two_overlap(drawings, name):
    figure = drawings[name]
    found = texts(figure)
    assert len(found) > 4
    assert_letters_apart(figure, found)


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_has_a_glyph(drawings, name):
    """matplotlib warns of a letter that the font lacks."""
    assert_every_letter_has_a_glyph(drawings[name])


# -- the map -----------------------------------------------------------------------------------------------------


def labels_of(figure) -> dict:
    """The boxes of the drivers' labels, in pixels."""
    return {text.replace("\n", " "): box for text, box in texts(figure) if text.replace("\n", " ") in VIETNAMESE}


@pytest.mark.parametrize("name", ["clump 0", "clump 1", "clump 2", "same place", "spread", "rivals"])
def test_every_driver_has_a_label_inside_the_map_and_off_the_marks(drawings, name):
    figure = drawings[name]
    boxes, (axis,) = labels_of(figure), figure.axes
    frame = axis.get_window_extent()
    assert len(boxes) == (15 if "clump" in name or name == "same place" else 14)
    marks = [line for line in axis.lines if line.get_marker() not in (None, "None", "")]
    points = np.vstack([axis.transData.transform(line.get_xydata()) for line in marks])
    for text, box in boxes.items():
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1, text  # noqa: PT018
        inside = (points > [box.x0, box.y0]) & (points < [box.x1, box.y1])
        assert not inside.all(axis=1).any(), text


def test_a_label_stands_beside_its_point_where_there_is_room(drawings):
    """Within 25 points of the mark, for drivers in a line; no leader is needed for most."""
    figure = drawings["spread"]
    (axis,) = figure.axes
    frame = mapped(np.linspace(3.4, 4.2, 14), np.tile([2.0, 7.0], 7))
    boxes, away = labels_of(figure), []
    for row in frame.itertuples():
        at = axis.transData.transform((row.estimate, row.importance))
        box = boxes[row.label]
        away.append(np.hypot(*(np.clip(at, [box.x0, box.y0], [box.x1, box.y1]) - at)) * 72 / figure.dpi)
    assert np.median(away) < 25


def test_the_same_map_is_drawn_the_same():
    one, other = (charts.importance_map(clump(7), title="x") for _ in range(2))
    assert {t: b.extents.tolist() for t, b in labels_of(one).items()} == {
        t: b.extents.tolist() for t, b in labels_of(other).items()
    }


def test_marks_and_intervals_stand_at_their_numbers():
    frame = mapped([3.5, 4.0, 3.6], [8.0, 9.0, 3.0])
    frame["quadrant"] = ["improve first", "keep up", "improve later"]
    frame["verdict"] = ["improve first", "keep up or more than enough", "improve later"]
    (axis,) = charts.importance_map(frame, title="x", competitors=rivals(frame)).axes
    ours = {tuple(line.get_xydata()[0]): line for line in axis.lines if line.get_markersize() == 7}
    assert set(ours) == {(3.5, 8.0), (4.0, 9.0), (3.6, 3.0)}
    assert {place: line.get_marker() for place, line in ours.items()} == {
        (3.5, 8.0): "s",
        (4.0, 9.0): "o",
        (3.6, 3.0): "o",
    }
    assert ours[4.0, 9.0].get_markerfacecolor() == "white"
    assert ours[3.5, 8.0].get_markerfacecolor() != "white"
    spans = [path for bars in axis.collections for path in bars.get_segments()]
    assert any(np.allclose(span, [[3.45, 8.0], [3.55, 8.0]]) for span in spans)
    assert any(np.allclose(span, [[3.5, 7.2], [3.5, 8.8]]) for span in spans)
    theirs = {line.get_label(): line.get_xydata() for line in axis.lines if line.get_markersize() == 5}
    np.testing.assert_allclose(theirs["Phố Chợ"], [[3.53, 8.0], [4.03, 9.0], [3.63, 3.0]])
    dashed = {tuple(line.get_xdata()) for line in axis.lines if line.get_linestyle() == "--"}
    assert (frame["estimate"].mean(),) * 2 in dashed


def test_a_map_of_too_many_drivers_is_refused():
    labels = [f"Một tên gọi rất dài của yếu tố tác động thứ {i:02d} trong bảng hỏi" for i in range(90)]
    rng = np.random.default_rng(1)
    with pytest.raises(CxError, match="a map has room for some 30 labels; 90 do not fit"):
        charts.importance_map(mapped(rng.random(90), rng.random(90), labels=labels), title="x")


# -- the other charts --------------------------------------------------------------------------------------------


def test_importance_is_sorted_with_ranks_and_intervals():
    frame = ranked(4).sample(frac=1, random_state=3)
    (axis,) = charts.importance(frame, title="x").axes
    bars = sorted(axis.patches, key=lambda bar: bar.get_y())
    assert [bar.get_width() for bar in bars] == pytest.approx([12, 8, 4, 0])
    assert axis.get_yticklabels()[0].get_text().startswith("Thái độ phục vụ")
    notes = [note.get_text() for note in axis.texts]
    assert notes[:4] == ["1", "2 (1–4)", "3 (2–4)", "4 (3–4)"]
    segments = sorted(axis.collections[0].get_segments(), key=lambda s: s[0][1])
    np.testing.assert_allclose([s[:, 0] for s in segments], [[11, 14], [7, 10], [3, 6], [-1, 2]])


def test_penalties_and_rewards_are_sorted_by_their_sum():
    frame = pd.DataFrame(
        {"penalty": [-5.0, -20, -1], "penalty_low": [-9.0, -25, -2], "penalty_high": [-1.0, -15, 0],
         "reward": [5.0, 2, 12], "reward_low": [1.0, 0, 9], "reward_high": [9.0, 4, 15],
         "kind": ["performance", "basic", "excitement"]}, index=["even", "must", "delight"],
    )  # fmt: skip
    (axis,) = charts.penalty_reward(frame, title="x").axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["must", "even", "delight"]
    bars = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    assert [bar.get_width() for bar in bars] == pytest.approx([-20, -5, -1, 2, 5, 12])
    assert {bar.get_hatch() for bar in bars[:3]} == {"///"}
    assert {bar.get_hatch() for bar in bars[3:]} == {None}
    assert [note.get_text() for note in axis.texts] == ["basic", "performance", "excitement"]


def test_a_forest_fills_what_is_clear_of_nought_and_says_what_is_not_estimated():
    frame = pd.DataFrame(
        {"estimate": [2.0, 1.0, np.nan], "low": [1, -1, np.nan], "high": [3, 3, np.nan]}, index=list("abc")
    )
    (axis,) = charts.forest(frame, title="x", unit="points").axes
    dots = {line.get_xdata()[0]: line.get_markerfacecolor() for line in axis.lines if line.get_marker() == "o"}
    assert set(dots) == {2.0, 1.0}
    assert dots[1.0] == "white"
    assert dots[2.0] != "white"
    assert [note.get_text() for note in axis.texts] == ["+2.00", "+1.00", "not estimated"]


def test_the_counterfactual_is_dashed_from_before_to_after(drawings):
    (axis,) = drawings["change"].axes
    dashed = [line for line in axis.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in dashed] == [[37, 41]]
    shown = " ".join(note.get_text().replace("\n", " ") for note in axis.texts)
    for words in ("58.0  Re-trained", "41.0  Re-trained, had it moved like the others", "39.0  Comparison", "change"):
        assert words in shown
    solid = [
        list(line.get_ydata()) for line in axis.lines if len(line.get_xdata()) == 4 and line.get_linestyle() == "-"
    ]
    assert [33, 16, 37, 58] in solid
    assert [28, 20, 35, 39] in solid


def test_bands_reach_their_values_and_small_ones_say_so(drawings):
    value, churn = drawings["bands"].axes
    assert [bar.get_height() for bar in churn.patches] == pytest.approx([23, 21, 16.4, 1.4])
    assert [bar.get_hatch() for bar in churn.patches] == [None, None, None, "///"]
    assert "** base 12" in [note.get_text() for note in value.texts]
    assert "2,834,824" in [note.get_text() for note in value.texts]
    assert value.get_title(loc="left") == "Value of a customer"
    assert churn.get_title(loc="left") == "Left within 90 days (%)"


def test_nothing_to_draw_is_no_figure():
    blank = pd.DataFrame({"estimate": [np.nan], "importance": [np.nan], "penalty": [np.nan], "reward": [np.nan]})
    assert charts.importance_map(blank, title="x") is None
    assert charts.importance(blank, title="x") is None
    assert charts.penalty_reward(blank, title="x") is None
    assert charts.forest(blank.iloc[:0], title="x", unit="points") is None
    assert charts.bands(worth().iloc[:0]) is None
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
