"""Facts about a persona's picture: every word there, apart and legible, whatever it is; every mark at its number."""

import io
import itertools
import math
import warnings
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, Polygon, Rectangle, Wedge
from matplotlib.text import Text
from pictures import assert_letters_apart
from test_charts import texts

from cxlib import CxError
from cxlib.charts import persona_alt, persona_card, persona_row
from cxlib.charts.portrait import COLORS
from cxlib.language import speak
from cxlib.persona_cards import Card, Measure, Trait
from cxlib.results import svg

NAN = float("nan")
ENGLISH = [
    "Price", "Pays by e-wallet", "Several times a week", "Own business",
    "Buys because the shop is near home and has free parking", "Spends more than 3,500 thousand VND a month",
    "Website", "Homemaker or retired, with children at school age",
]  # fmt: skip
VIETNAMESE = [
    "Giá", "Ví điện tử", "Nhân viên văn phòng", "Mua vì cửa hàng ở gần nhà và có chỗ gửi xe miễn phí",
    "Ứng dụng và trang web", "Được người thân giới thiệu hoặc thấy trên mạng xã hội",
    "Nghiêng về Ẩm thực ỄỘẶ", "Vài lần mỗi tuần, nhất là cuối tuần",
]  # fmt: skip
NAMES = {
    "en": ["Regulars", "Digital price hunters", "Young families who do the weekend shopping in the suburbs"],
    "vi": ["Khách quen", "Gia đình trẻ mua sắm cuối tuần",
           "Những gia đình trẻ có con nhỏ mua sắm cuối tuần ở ngoại thành"],
}  # fmt: skip
SENTENCES = {
    "en": ["Delivery later than promised (34% of their complaints, all 21%).", "Call back within a day, and say when.",
           "Prices and promotions: one point more goes with 8.4 points of NPS, more than any other driver does."],
    "vi": ["Chờ tính tiền quá lâu vào cuối tuần (34% số phàn nàn của nhóm, chung 21%).", "Gọi lại trong một ngày.",
           "Thái độ nhân viên: thêm một điểm đi cùng 8,4 điểm NPS, nhiều hơn bất cứ yếu tố tác động nào khác."],
}  # fmt: skip
SCALES = [(-100, 100, "points"), (0, 100, "percent"), (1, 7, "score"), (0, 100, "percent")]  # of NPS, CSAT, CES, churn
METRICS = {
    "en": ["NPS", "Satisfaction", "Ease of getting what one wanted", "Left within 12 months"],
    "vi": ["NPS", "Mức độ hài lòng", "Mức độ nỗ lực", "Tỷ lệ rời bỏ trong 12 tháng tới"],
}


def random_card(seed: int, language: str) -> Card:
    """A card of random numbers, words and missing parts."""
    rng = np.random.default_rng(seed)
    words = {"en": ENGLISH, "vi": VIETNAMESE}[language]

    def traits(most: int) -> tuple[Trait, ...]:
        found = []
        for label in rng.choice(words, rng.integers(0, most + 1), replace=False):
            share, total = 100 * rng.random(2)
            kind = rng.random()
            if kind < 0.15:
                found.append(Trait(str(label), 5_000_000 * rng.random(), 2_000_000.0, "money", 250.0 * rng.random()))
            else:
                found.append(Trait(str(label), NAN if kind > 0.95 else share, total, index=100 * share / total))
        return tuple(found)

    def measure(label: str, least: float, most: float, unit: str) -> Measure:
        low, value, high = np.sort(least + (most - least) * rng.random(3))
        if rng.random() < 0.1:
            low = value = high = NAN
        total = least + (most - least) * rng.random()
        return Measure(label, value, low, high, total, least, most, unit, rng.integers(30, 400))

    low, share, high = np.sort(100 * rng.random(3))
    metrics = tuple(measure(label, *scale) for label, scale in zip(METRICS[language], SCALES, strict=True))
    return Card(
        int(rng.integers(1, 11)), str(rng.choice(NAMES[language])), share, low, high, 412, 388.4,
        customers=(68_760, 65_100, 72_500) if rng.random() < 0.7 else None,
        market=(10 ** rng.uniform(5, 14) * np.array([1, 0.8, 1.3])).tolist() if rng.random() < 0.7 else None,
        currency="VND", who=traits(4), values=traits(4), buys=traits(4), roles=traits(3), channels=traits(6),
        metrics=metrics[: rng.integers(0, 5)],
        **{part: str(rng.choice(["", *SENTENCES[language]])) for part in ("complaint", "driver", "action")},
        foot=str(rng.choice(["", "Latent classes, four waves 2025-2026, weighted"])),
    )  # fmt: skip


def plain(**parts) -> Card:
    given = {"number": 2, "name": "Regulars", "share": 38.2, "low": 36.4, "high": 40.1, "n": 412, "n_effective": 388}
    return Card(**given | parts)


NPS = Measure("NPS", 20.0, 10.0, 30.0, 42.0, -100, 100, "points")
FULL = plain(
    customers=(68_760, 65_100, 72_500), market=(1.234e12, 1.1e12, 1.36e12), currency="VND", metrics=(NPS,),
    who=(Trait("Office worker", 48.0, 33.0, index=145.0), Trait("Homemaker", 24.0, 40.0, index=60.0)),
    channels=(Trait("App", 80.0, 40.0), Trait("Shop", 20.0, 60.0)), roles=(Trait("Shopper", 64.0, 60.0),),
    complaint="Late delivery.", driver="Prices.", action="Show the slot.", foot="Latent classes",
)  # fmt: skip
SEEDS = range(6)


def drawn(draw, what, language: str):
    """What draw() makes in a language; English is spoken again then."""
    speak(language)
    try:
        return draw(what)
    finally:
        speak("en")


@pytest.fixture(scope="module")
def drawings() -> dict:
    cards = {(seed, language): random_card(seed, language) for seed in SEEDS for language in ("en", "vi")}
    found = {key: drawn(persona_card, card, key[1]) for key, card in cards.items()}
    found |= {("plain", "en"): persona_card(plain()), ("full", "vi"): drawn(persona_card, FULL, "vi")}
    for k in (2, 5, 8):
        language = "vi" if k % 2 else "en"
        some = [replace(random_card(50 * k + i, language), number=i + 1) for i in range(k)]
        found["row", k] = drawn(persona_row, some, language)
    return found


@pytest.fixture(scope="module")
def boxes(drawings) -> dict:
    """Every text of each picture with its box in pixels; matplotlib warns of a letter that the font lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {name: texts(figure) for name, figure in drawings.items()}


def test_no_text_is_cut_and_no_two_overlap(drawings, boxes):
    for name, found in boxes.items():
        assert len(found) > 4
        assert_letters_apart(drawings[name], found, beyond=0, name=name)


def test_letters_are_never_under_seven_points_on_a_slide_ten_inches_wide(drawings):
    for name, figure in drawings.items():
        assert tuple(figure.get_size_inches()) == (10, 5.625) or name[0] == "row"
        assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 7, name


def contrast(one, other) -> float:
    """The ratio of two colours' luminances as WCAG 2.2 defines it (relative luminance of sRGB)."""
    weighed = []
    for rgb in (np.asarray(one, float), np.asarray(other, float)):
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        weighed.append(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return np.maximum(*weighed) / np.minimum(*weighed)


def test_letters_stand_out_from_whatever_lies_behind_them(drawings, boxes):
    """At least 4.5 : 1 (WCAG 2.2, AA), against every pixel behind a text in the picture drawn without its texts."""
    for name, figure in drawings.items():
        shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        for text in shown:
            text.set_visible(False)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
        for text, (words, box) in zip(shown, boxes[name], strict=True):
            text.set_visible(True)
            assert text.get_text() == words
            x0, y0, x1, y1 = (round(edge) for edge in box.extents)
            behind = pixels[max(y0 + 2, 0) : y1 - 1, max(x0 + 1, 0) : x1 - 1].reshape(-1, 3)
            assert contrast(to_rgb(text.get_color()), behind).min() >= 4.5, (name, words)


def test_the_same_card_is_drawn_with_the_same_bytes():
    for draw in (persona_card, lambda card: persona_row([card, replace(card, number=3)])):
        assert svg(draw(FULL)) == svg(draw(FULL))
        pictures = [io.BytesIO(), io.BytesIO()]
        for picture in pictures:
            draw(FULL).savefig(picture, format="png")
        assert pictures[0].getvalue() == pictures[1].getvalue()


def test_cards_leave_settings_alone_and_no_figure_open(drawings):
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
    assert plt.get_fignums() == []


# -- colours -----------------------------------------------------------------------------------------------------

# Simulation matrices of full protanopia, deuteranopia and tritanopia for linear RGB: Machado, Oliveira and Fernandes
# (2009), IEEE Transactions on Visualization and Computer Graphics 15(6), 1291-1298, table 1 (severity 1.0).
BLINDNESS = {
    "none": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip


def lab(color: str, matrix) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as eyes of that kind see it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = XYZ @ np.clip(np.asarray(matrix) @ linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", BLINDNESS)
def test_colours_differ_for_colour_blind_eyes_too(eyes):
    """By six times what just differs, 2.3 units (Mahy et al. 1994, Color Research and Application 19, 105-121)."""
    seen = [lab(color, BLINDNESS[eyes]) for color in COLORS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 6 * 2.3


def test_portraits_differ_without_colour():
    """No two of the eight have the same cloth, or the same shapes."""
    clothes, shapes = set(), set()
    for number in range(1, 9):
        figure = persona_card(plain(number=number))
        clothes.add(patches(figure, Polygon)[0].get_hatch())
        kinds = [patches(figure, kind)[:3] for kind in (Wedge, Ellipse, Rectangle)]
        shapes.add(str([[patch.get_extents().bounds for patch in some] for some in kinds]))
    assert len(clothes) == len(shapes) == 8


# -- marks at their numbers -----------------------------------------------------------------------------------------


def patches(figure, kind) -> list:
    return [patch for patch in figure.axes[0].patches if type(patch) is kind]


def labelled(figure, kind) -> dict:
    return {patch.get_label(): patch for patch in patches(figure, kind) if patch.get_label()}


def words_of(figure) -> str:
    return " ".join(text.get_text() for text in figure.axes[0].texts)


def test_the_field_shows_the_share_and_its_interval():
    """Of 100 dots 36 lie below the interval of 36.4 to 40.1, 2 more up to the estimate of 38.2, 2 up to its end."""
    figure = persona_card(plain())
    small = min(circle.radius for circle in patches(figure, Circle))
    dots = [circle for circle in patches(figure, Circle) if circle.radius == small]
    looks = [(to_hex(dot.get_facecolor()), dot.get_edgecolor()[3]) for dot in dots]
    assert len(dots) == 100
    assert [len(list(run)) for _, run in itertools.groupby(looks)] == [36, 2, 2, 60]
    assert looks[0] == ("#ffffff", 1)
    assert looks[-1][1] == 0
    assert "38.2%" in words_of(figure)
    assert "36.4\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}40.1%" in words_of(figure)


def test_bars_are_as_long_as_the_shares_and_ticked_at_the_total():
    figure = persona_card(FULL)
    bars = labelled(figure, Rectangle)
    one, other = bars["Office worker"], bars["Homemaker"]
    assert one.get_width() / other.get_width() == pytest.approx(2)
    inch = one.get_width() / 48
    ticks = [line.get_xdata() for line in figure.axes[0].lines if line.get_linewidth() == 1.6]
    upright = {round((x[0] - one.get_x()) / inch, 6) for x in ticks if x[0] == x[1]}
    assert upright == {33.0, 40.0}
    assert {"145", "60", "48%", "24%"} <= {text.get_text() for text in figure.axes[0].texts}


def test_chips_are_larger_the_larger_the_share():
    figure = persona_card(FULL)
    chips = labelled(figure, FancyBboxPatch)
    assert chips["App"].get_height() > chips["Shopper"].get_height() > chips["Shop"].get_height()


def test_a_gauge_is_filled_from_zero_and_has_interval_and_total_at_their_angles():
    """NPS 20 (10 to 30), all 42, on a half ring of -100 to 100: 90 degrees up at zero, 0.9 degrees a point."""
    figure = persona_card(FULL)
    gauge = labelled(figure, Wedge)["NPS"]
    assert (gauge.theta1 % 360, gauge.theta2 % 360) == pytest.approx((270, 270 + 18))

    def angle(x, y) -> float:
        return math.degrees(math.atan2(y - gauge.center[1], x - gauge.center[0])) % 360

    def ends(width) -> list:
        return [line.get_xydata() for line in figure.axes[0].lines if line.get_linewidth() == width]

    (whisker,) = [line for line in ends(1.3) if len(line) > 2]
    assert [angle(*whisker[0]), angle(*whisker[-1])] == pytest.approx([270 + 9, 270 + 27])
    assert np.hypot(*(whisker - gauge.center).T).min() > gauge.r
    ticks = [angle(*line[0]) for line in ends(1.6) if line[0][0] != line[1][0]]
    assert ticks == pytest.approx([270 + 0.9 * 42])


def test_a_withheld_metric_has_stars_in_place_of_its_number_and_a_small_base_has_one():
    withheld = Measure("NPS", NAN, NAN, NAN, 42.0, -100, 100, "points", 12)
    figure = persona_card(plain(metrics=(withheld, Measure("CSAT", 70.0, 60.0, 80.0, 64.0, 0, 100, "percent", 62))))
    found = {text.get_text() for text in figure.axes[0].texts}
    assert {"**", "70.0%*"} <= found
    assert set(labelled(figure, Wedge)) == {"CSAT"}


def test_what_a_study_lacks_leaves_no_heading_and_its_room_to_the_others():
    bare, some, full = persona_card(plain()), persona_card(plain(metrics=(NPS,))), persona_card(FULL)
    for heading in ("Who they are", "Their roles", "Hurts most", "tick: all"):
        assert heading in words_of(full)
        assert heading not in words_of(bare)
    assert patches(bare, Rectangle)[0].get_width() == 10  # the coloured band is the card
    assert patches(some, Rectangle)[0].get_width() < 3
    sizes = [
        [text.get_fontsize() for text in figure.axes[0].texts if text.get_text() == "NPS"] for figure in (some, full)
    ]
    assert sizes[0] > sizes[1]


def test_money_is_written_in_words_of_the_language():
    assert "1.23 trillion VND" in persona_alt(FULL)
    assert "1,23 nghìn tỷ VND (thị trường mục tiêu, 1,10 đến 1,36)" in drawn(persona_alt, FULL, "vi")
    assert "999 USD" in persona_alt(plain(market=(999, 900, 1100), currency="USD"))
    assert "12.3 million USD" in persona_alt(plain(market=(12_345_678, 9e6, 1.5e7), currency="USD"))


def test_dollar_signs_are_letters():
    """Between two dollar signs matplotlib would set mathematics."""
    figure = persona_card(plain(action="Give $5 back for late orders, $10 for lost ones."))
    FigureCanvasAgg(figure).draw()
    assert "$5 back" in words_of(figure)
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)


def test_the_row_cuts_the_bar_of_all_customers_by_shares():
    shares = (50.0, 30.0, 15.0)
    cards = [plain(number=i + 1, share=s, low=s - 1, high=s + 1, metrics=(NPS,)) for i, s in enumerate(shares)]
    figure = persona_row(cards)
    whole, *parts = [bar for bar in patches(figure, Rectangle) if bar.get_height() == 0.36]
    assert [bar.get_width() / whole.get_width() for bar in parts] == pytest.approx([0.5, 0.3, 0.15])
    assert parts[1].get_x() == pytest.approx(parts[0].get_x() + parts[0].get_width())
    assert len(labelled(figure, Wedge)) == 1  # one label, of three gauges
    assert persona_row([]) is None


def test_the_words_for_those_who_cannot_see_it():
    assert persona_alt(FULL) == (
        "Persona 2, Regulars: 38.2% of customers (36.4 to 40.1%). 68,760 customers (65,100 to 72,500). "
        "1.23 trillion VND (target market, 1.10 to 1.36). "
        "Who they are: Office worker 48%, all 33%; Homemaker 24%, all 40%. "
        "Where they meet us: App 80%, all 40%; Shop 20%, all 60%. Their roles: Shopper 64%, all 60%. "
        "NPS 20.0 (10.0 to 30.0), all 42.0. Hurts most: Late delivery. Drives them most: Prices. "
        "What to do: Show the slot."
    )
    assert drawn(persona_alt, plain(), "vi") == "Chân dung 2, Regulars: 38,2% khách hàng (36,4 đến 40,1%)."


# -- what cannot be drawn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (plain(low=39.0), "share lies in 0-100 and within its interval; found 38.2% in 39.0 to 40.1%"),
        (plain(share=120.0, high=130.0), "found 120.0%"),
        (plain(number=0), "a number of 1 or more and a name; found 0 and 'Regulars'"),
        (plain(name=" "), "and a name; found 2 and ' '"),
        (plain(who=(Trait("App", 140.0, 20.0),)), r"shares lie in 0-100; 1 of persona 2 .* App 140 \(all 20\)"),
        (plain(who=(Trait("App", 14.0, 20.0, "euros"),)), "a unit is one of points, .*; found 'euros'"),
        (plain(metrics=(replace(NPS, value=31.0),)), "interval; 1 of persona 2 .* NPS 31 in 10 to 30"),
        (plain(metrics=(replace(NPS, least=100),)), "on a scale of 100 to 100"),
        (replace(FULL, action="Call back. " * 200), "fit into 10 x 5.625 inches; those of persona 2 do not"),
        (plain(name="Regulars of the shop " * 30), "the words of a card fit into"),
    ],
)  # fmt: skip
def test_bad_cards_are_refused(card, message):
    with pytest.raises(CxError, match=message):
        persona_card(card)


@pytest.mark.parametrize(
    "parts",
    [
        {"share": NAN, "low": NAN, "high": NAN, "n": 0, "n_effective": NAN},
        {"share": 0.0, "low": 0.0, "high": 0.0},
        {"share": 100.0, "low": 100.0, "high": 100.0, "customers": (NAN, NAN, NAN), "market": (NAN, NAN, NAN)},
        {"customers": (1e15, 0, math.inf), "market": (math.inf, 1, math.inf)},
        {"market": (0, 0, 0), "name": "Ab" * 30},
        {"who": (Trait("", NAN), Trait("All zero", 0.0, 0.0, "money")), "roles": (Trait("x" * 120, 3.0),)},
        {"metrics": (Measure("One", 5.0, 5.0, 5.0, NAN, 0, 10, "score"),)},
        {"metrics": (Measure("Two", 5.0, NAN, NAN, 5.0, 0, 10, "score"),)},
        {"metrics": (replace(NPS, low=-130.0, high=130.0),) * 6},
    ],
)  # fmt: skip
def test_odd_numbers_and_words_are_drawn(parts):
    for draw in (persona_card, lambda card: persona_row([card] * 3)):
        figure = draw(plain(**parts))
        width, _ = figure.get_size_inches() * figure.dpi
        assert all(box.x0 >= -1 and box.x1 <= width + 1 for _, box in texts(figure))
    assert persona_alt(plain(**parts)).startswith("Persona 2, ")
