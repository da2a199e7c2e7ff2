"""Facts about the pictures of segments: every number there, nothing cut, nothing overlapping, the choice marked."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from cxlib.charts.segmentation import segment_number, sets_apart

LONG = {
    "Mức độ thường xuyên mua sắm": ["Vài lần mỗi tuần", "Hằng tuần", "Hằng tháng", "Ít hơn"],
    "Cách thanh toán thường dùng": ["Tiền mặt", "Thẻ ngân hàng", "Ví điện tử", "Chuyển khoản qua ứng dụng ngân hàng"],
    "Thu nhập hộ gia đình mỗi tháng": ["Dưới 15 triệu", "15-30 triệu", "30-60 triệu", "Từ 60 triệu trở lên"],
    "use.web": ["1", "0"],
}
NAME = "Ví điện tử · Vài lần mỗi tuần · Chuyển khoản qua ứng dụng ngân hàng"


def cards(k: int, seed: int = 0) -> pd.DataFrame:
    """A frame of Segmentation.cards of k segments, long labels, a number in millions."""
    random, rows = np.random.default_rng(seed), []
    for variable, answers in LONG.items():
        shares = random.dirichlet(np.ones(len(answers)), k)
        for s, (i, answer) in itertools.product(range(k), enumerate(answers)):
            p, total = shares[s, i], shares[:, i].mean()
            apart = 2 * np.arcsin(np.sqrt(p)) - 2 * np.arcsin(np.sqrt(total))
            rows.append((s + 1, variable, answer, 100 * p, 100 * total, 100 * p / total, apart, "category"))
    means = np.linspace(181_000, 12_345_678, k)
    rows += [
        (s + 1, "spend", "", m, means.mean(), 100 * m / means.mean(), np.log(m / means.mean()), "number")
        for s, m in enumerate(means)
    ]
    return pd.DataFrame(
        rows, columns=["segment", "variable", "answer", "share", "total", "index", "apart", "kind"]
    )  # fmt: skip


def choices(k=range(1, 9)) -> pd.DataFrame:
    k = np.array(list(k))
    bic = 20_700_000 + 300 * (k - 4.0) ** 2
    steady = np.where(k > 1, 1 - 0.08 * k, np.nan)
    return pd.DataFrame({"k": k, "bic": bic, "stability": steady, "least_stable": steady - 0.1,
                         "smallest": 1 / k**1.5, "chosen": k == 4})  # fmt: skip


def apart_chart(k: int):
    labels = {"use.web": "Trang web", "spend": "Chi tiêu mỗi tháng, nghìn đồng"}
    return sets_apart(cards(k), names=[f"{NAME} {i}" for i in range(k)], title="Điều gì làm các phân khúc khác nhau: "
                      "những câu trả lời khác biệt nhất", labels=labels)  # fmt: skip


def boxes(figure) -> list[tuple]:
    """Each text's box in pixels, after drawing."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in found]


@pytest.mark.parametrize("k", [2, 4, 8])
def test_nothing_is_cut_and_nothing_overlaps(k):
    figure = apart_chart(k)
    found, (wide, tall) = boxes(figure), figure.get_size_inches() * figure.dpi
    for text, box in found:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= wide + 1, text
        assert box.y1 <= tall + 1, text
    for (one, a), (other, b) in itertools.combinations(found, 2):
        apart = a.x1 <= b.x0 + 0.5 or b.x1 <= a.x0 + 0.5 or a.y1 <= b.y0 + 2 or b.y1 <= a.y0 + 2
        assert apart, (one, other)
    assert wide / figure.dpi == 5.2


def test_every_share_stands_in_its_cell():
    """The shares of the frame, as whole percent; means in two or three figures; of yes and no only the yes."""
    figure, frame = apart_chart(4), cards(4)
    found = [text for text, _ in boxes(figure)]
    kept = frame[frame["answer"] != "0"]
    spread = kept.groupby(["variable", "answer"])["apart"].agg(np.ptp).sort_values(ascending=False)
    shown = kept.set_index(["variable", "answer"]).loc[spread.index[spread > 0.2][:15]]
    for value in shown.loc[shown["kind"] == "category", "share"]:
        assert f"{value:.0f}" in found
    assert "Trang web" in found
    assert not [text for text in found if "Trang web: 0" in text]
    assert {"181k", "12.3M"} <= set(found)
    assert {"180k", "12M"} <= {text for text, _ in boxes(apart_chart(8))}


def test_a_cell_tells_its_index_without_colour():
    """Bold from 120 on, slanted up to 80; blue is above 100, red below."""
    rows = [
        (1, "pay", "cash", 90, 60, 150, 0.72, "category"), (2, "pay", "cash", 30, 60, 50, -0.61, "category"),
        (3, "pay", "cash", 61, 60, 101.7, 0.02, "category"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["segment", "variable", "answer", "share", "total", "index", "apart", "kind"])
    figure = sets_apart(frame, names=["a", "b", "c"], title="Apart")
    look = {t.get_text(): (t.get_weight(), t.get_style()) for t in figure.findobj(Text)}
    assert look["90"] == ("bold", "normal")
    assert look["30"] == ("normal", "italic")
    assert look["61"] == look["60"] == ("normal", "normal")
    faces = {r.get_x(): r.get_facecolor() for r in figure.axes[0].patches if isinstance(r, Rectangle)}
    assert faces[1][2] > faces[1][0]
    assert faces[2][0] > faces[2][2]
    assert faces[0][:3] == (1, 1, 1)


def test_the_choice_is_marked():
    figure = segment_number(choices(), title="How many segments")
    bic, stable, small = figure.axes
    ring = bic.lines[-1]
    assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([4], [20_700_000])
    for axis in figure.axes:
        assert any(list(line.get_xdata()) == [4, 4] for line in axis.lines)
    assert small.lines[0].get_ydata()[1] == pytest.approx(100 / 2**1.5)
    assert np.isnan(stable.lines[0].get_ydata()[0])
    found, (wide, tall) = boxes(figure), figure.get_size_inches() * figure.dpi
    assert all(box.x0 >= -1 and box.y0 >= -1 and box.x1 <= wide + 1 and box.y1 <= tall + 1 for _, box in found)
    assert "20,702,500" in dict(found)


def test_nothing_to_draw():
    assert segment_number(choices([]), title="None") is None
    assert sets_apart(cards(2).head(0), names=[], title="None") is None
    assert segment_number(choices([1]), title="One").axes[2].get_xticks().tolist() == [1]


def test_a_dollar_is_money_and_begins_no_formula():
    """matplotlib's mathtext prints what is between two dollars in italics, and cannot parse $^$."""
    frame = cards(3).replace({"Hằng tuần": "a$^$", "Ví điện tử": "$0 - $24,999"})
    figure = sets_apart(frame, names=["a$^$", "$0 - $24,999", "b"], title="a$^$")
    boxes(figure)
    labels = [t for t in figure.findobj(Text) if "$" in t.get_text()]
    assert labels
    assert not any(t.get_parse_math() for t in labels)
