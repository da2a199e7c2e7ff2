"""Facts about the journey map: every word there, apart and legible, whatever the journey; every width and area true."""

import itertools
import re
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from journey_log import DEMO, truth
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from pictures import assert_letters_apart
from test_charts import texts

from cxlib import CxError, journey, pain_points
from cxlib.charts.funnel import funnel
from cxlib.charts.journey_lanes import COLORS
from cxlib.charts.journey_map import journey_alt, journey_map
from cxlib.charts.journey_panels import PHASES
from cxlib.charts.journey_signs import EXIT, PAIN
from cxlib.contacts import journeys
from cxlib.language import speak
from cxlib.results import svg
from cxlib.transitions import transitions

NAN = float("nan")
STAGES = {
    "en": ["Recognise", "Search", "Evaluate and compare the offers", "Decide", "Use", "Recommendation to friends"],
    "vi": ["Nhận ra nhu cầu", "Tìm kiếm thông tin", "Đánh giá và so sánh các lựa chọn trên thị trường", "Quyết định",
           "Sử dụng sản phẩm và dịch vụ", "Góp ý"],
}  # fmt: skip
TOUCHPOINTS = {
    "en": ["Web", "Checkout in the mobile application", "Advisor in the flagship branch", "App", "Delivery", "Invoice"],
    "vi": ["Trang web", "Thanh toán trong ứng dụng di động", "Khảo sát qua liên kết gửi tin nhắn", "Tổng đài",
           "Nhân viên tư vấn ở chi nhánh trung tâm thành phố", "Tờ rơi"],
}  # fmt: skip
CHANNELS = {
    "en": ["digital", "traditional", "Telephone and call centre", "Partners", "Branch", "Social networks"],
    "vi": ["digital", "traditional", "Điện thoại và tổng đài chăm sóc khách hàng", "Đối tác", "Chi nhánh",
           "Mạng xã hội"],
}  # fmt: skip
# Stages, channels, most touchpoints a cell, language.
SHAPES = [(6, 2, 1, "vi"), (12, 3, 2, "vi"), (3, 1, 4, "en"), (4, 6, 2, "vi"), (8, 4, 1, "en")]


def _jumps(stages: int) -> list[tuple[int, int]]:
    """Shortcuts over one stage, and ways back by one and two."""
    return [(i, i + step) for i in range(stages) for step in (-2, -1, 2) if 0 <= i + step < stages]


def generated(stages: int, channels: int, most: int, language: str, *, seed: int = 0) -> dict:
    """The frames of a random journey: names of all lengths, stages without scores, a stage that the map lacks."""
    rng = np.random.default_rng(seed)
    words = [f"{STAGES[language][i % 6]}{' II' * (i // 6)}" for i in range(stages)]
    phases = np.arange(stages) * 3 // stages
    cells = []
    for i, stage in enumerate(words):
        for channel in CHANNELS[language][:channels]:
            for name in rng.choice(TOUCHPOINTS[language], rng.integers(1, most + 1), replace=False):
                cells.append((stage, f"{name} {channel[:2]}", channel, int(rng.integers(20, 4000)), i))
    nodes = pd.DataFrame(cells, columns=["stage", "touchpoint", "channel", "customers", "at"])
    nodes["visits"] = nodes["customers"]
    visits = nodes.groupby("at")["visits"].sum().to_numpy()
    score = np.where(rng.random(stages) < 0.15, NAN, 1.5 + 3 * rng.random(stages))
    frame = pd.DataFrame({
        "stage": words, "order": 1.0 + np.arange(stages),
        "phase": np.array(["before", "during", "after"], object)[phases],
        "customers": visits,
        "contacts": visits, "estimate": 60.0, "low": 55.0, "high": 65.0, "n": visits, "days": rng.random(stages) * 3,
        "score": score, "score_low": score - 0.2, "score_high": score + 0.2, "score_n": rng.integers(10, 400, stages),
    })  # fmt: skip
    frame = frame.assign(days_low=0.9 * frame["days"], days_high=1.1 * frame["days"])
    if seed % 2:
        frame.loc[stages - 1, ["order", "phase"]] = NAN
    rows = [("(start)", "(start)", row.stage, row.touchpoint, row.customers) 
            for row in nodes[nodes["at"] == 0].itertuples()]  # fmt: skip
    parts = nodes["customers"] / nodes.groupby("at")["customers"].transform("sum")
    for i, j, share in [(i, i + 1, 0.6) for i in range(stages - 1)] + [(i, k, 0.06) for i, k in _jumps(stages)]:
        count = share * min(visits[i], visits[j])
        for one, other in itertools.product(nodes[nodes["at"] == i].itertuples(), nodes[nodes["at"] == j].itertuples()):
            moved = count * parts[one.Index] * parts[other.Index]
            rows.append((one.stage, one.touchpoint, other.stage, other.touchpoint, moved))
    rows += [(one.stage, one.touchpoint, "(end)", "(end)", 0.1 * one.customers) for one in nodes.itertuples()]
    flows = pd.DataFrame(rows, columns=["from_stage", "from", "to_stage", "to", "count"]).assign(estimate=10.0, n=500)
    pains = nodes.sample(min(5, len(nodes)), random_state=1).assign(
        rank=np.arange(1, min(5, len(nodes)) + 1), pain=True, ending=31.2, ending_low=29.4, ending_high=33.0,
        ending_p=0.001, loss=1.4, loss_low=1.3, loss_high=1.5, loss_p=0.001,
    )  # fmt: skip
    drawn = nodes[["stage", "touchpoint", "channel"]].assign(expected=0.3)
    return {"stages": frame, "touchpoints": nodes, "flows": flows, "pains": pains, "drawn_map": drawn}


def written(**options) -> tuple[dict, dict]:
    """Two stages and a third, 100 customers: all come to a1, 50 go on to b1 and 20 past it to c1, 10 back from there.

    a1 is a pain point; the map expects half a contact of each customer at b1. Frames, and the options of the picture.
    """
    stages = pd.DataFrame({
        "stage": ["a", "b", "c"], "order": [1.0, 2.0, 3.0], "phase": ["before", "during", "after"],
        "customers": [100, 50, 64],
        "contacts": [110, 50, 64], "estimate": [63.6, 80.0, 0.0], "low": [54.3, 67.0, 0.0], "high": [72.0, 88.8, 5.7],
        "n": [110, 50, 64], "days": [0.5, 2.0, NAN], "days_low": [0.4, 1.5, NAN], "days_high": [0.6, 2.5, NAN],
        "score": [3.5, 2.0, 4.0], "score_low": [3.2, 1.7, 3.8], "score_high": [3.8, 2.3, 4.2],
        "score_n": [120, 120, 12], "ended": [36.4, 20.0, 84.0], "ended_low": [28.0, 11.2, 73.0],
        "ended_high": [45.7, 33.0, 91.0],
    })  # fmt: skip
    spots = [("a", "a1", "shop", 100, 110), ("b", "b1", "web", 50, 50), ("c", "c1", "web", 64, 64)]
    touchpoints = pd.DataFrame(spots, columns=["stage", "touchpoint", "channel", "customers", "visits"])
    rows = [("(start)", "(start)", "a", "a1", 100, 100.0, 100), ("a", "a1", "b", "b1", 50, 45.5, 110),
            ("a", "a1", "c", "c1", 20, 18.2, 110), ("a", "a1", "(end)", "(end)", 40, 36.4, 110),
            ("b", "b1", "c", "c1", 40, 80.0, 50), ("b", "b1", "(end)", "(end)", 10, 20.0, 50),
            ("c", "c1", "a", "a1", 10, 15.6, 64), ("c", "c1", "(end)", "(end)", 54, 84.4, 64)]  # fmt: skip
    flows = pd.DataFrame(rows, columns=["from_stage", "from", "to_stage", "to", "count", "estimate", "n"])
    pains = touchpoints.drop(columns="visits").assign(
        rank=[1, 2, 3], pain=[True, False, False], ending=20.0, ending_low=10.0, ending_high=30.0, ending_p=0.001,
        loss=0.5, loss_low=-0.1, loss_high=1.1, loss_p=0.2,
    )  # fmt: skip
    drawn = pd.DataFrame({"stage": ["b"], "touchpoint": ["b1"], "channel": ["web"], "expected": [0.5]})
    return {"stages": stages, "touchpoints": touchpoints, "flows": flows}, {
        "pains": pains,
        "drawn_map": drawn,
    } | options


def drawn(**options):
    frames, given = written(**options)
    return journey_map(*frames.values(), **given)


@pytest.fixture(scope="module")
def drawings() -> dict:
    found = {}
    for i, shape in enumerate(SHAPES):
        speak(shape[3])
        found[shape] = journey_map(**generated(*shape, seed=i))
    for language in ("vi", "en"):
        speak(language)
        ended = {"ended": 26.149, "ended_low": 24.9, "ended_high": 27.4}
        stages = generated(6, 1, 1, language)["stages"].assign(**ended)
        found[f"funnel {language}"] = funnel(stages, customers=99_999, names={"Quyết định": "Đ" * 40})
    return found | {"written": drawn()}


@pytest.fixture(scope="module")
def boxes(drawings) -> dict:
    """Every text of each picture with its box in pixels; matplotlib warns of a letter that the font lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {name: texts(figure) for name, figure in drawings.items()}


def test_no_text_is_cut_and_no_two_overlap(drawings, boxes):
    for name, found in boxes.items():
        assert len(found) > 10
        assert_letters_apart(drawings[name], found, beyond=0, name=name)


def test_letters_are_never_under_seven_points_on_a_slide(drawings):
    for name, figure in drawings.items():
        assert figure.get_size_inches()[0] == pytest.approx(5.2 if "funnel" in name else 13.333)
        assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 7, name


def luminance(color: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("color", [*COLORS, PAIN, EXIT, *PHASES])
def test_white_letters_stand_out_from_colours_and_coloured_ones_from_white(color):
    """At least 4.5 : 1 (WCAG 2.2, AA)."""
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


def test_every_name_is_printed_whole(drawings, boxes):
    """Each word of each touchpoint, joined over the lines that it was wrapped to."""
    for i, shape in enumerate(SHAPES):
        said = " ".join(text for text, _ in boxes[shape])
        for name in generated(*shape, seed=i)["touchpoints"]["touchpoint"]:
            assert all(word in said for word in name.split()), (shape, name)


def marks(figure, name: str) -> list:
    return [patch for patch in figure.axes[0].patches if str(patch.get_label()).startswith(name)]


def labelled(figure) -> dict:
    return {patch.get_label(): patch for patch in figure.axes[0].patches if not patch.get_label().startswith("_")}


def test_discs_have_areas_of_customers_and_ghosts_of_expected_contacts():
    """100, 50 and 64 customers; 0.5 contacts of 100 customers make a ghost of the size of 50."""
    found = labelled(drawn())
    radii = [found[f"node {i}"].get_radius() for i in range(3)]
    assert [(radius / radii[0]) ** 2 for radius in radii] == pytest.approx([1, 0.5, 0.64])
    assert found["expected 1"].get_radius() == pytest.approx(radii[1])
    assert [name for name in found if name.startswith("expected")] == ["expected 1"]


def test_widths_are_those_of_flows():
    """Ribbons of 100, 50 and 40 visits, arcs of 20 (past b) and 10 (back to a), drops of 40 and 10, on one scale."""
    found = labelled(drawn())
    ribbons = {name: patch.get_path().vertices for name, patch in found.items() if name.startswith("flow")}
    widths = {name: abs(points[0, 1] - points[-2, 1]) for name, points in ribbons.items()}
    unit = widths["flow 0 1"] / 50
    assert widths == pytest.approx({"flow -1 0": 100 * unit, "flow 0 1": 50 * unit, "flow 1 2": 40 * unit})
    assert {name: found[name].get_linewidth() / 72 for name in found if name.startswith("arc")} == pytest.approx(
        {"arc 0 2": 20 * unit, "arc 2 0": 10 * unit}
    )
    drops = {name: np.ptp(found[name].get_path().vertices[:, 0]) for name in found if name.startswith("exit")}
    assert drops == pytest.approx({"exit 0": 40 * unit, "exit 1": 10 * unit})  # none at the last stage


def test_ribbons_never_stand_out_over_their_discs(drawings):
    for shape in SHAPES:
        found = labelled(drawings[shape])
        for name, patch in found.items():
            if name.startswith("flow -1"):
                points, disc = patch.get_path().vertices, found[f"node {name.split()[-1]}"]
                assert np.ptp(points[:, 1]) <= 2 * disc.get_radius()


def test_pain_points_are_marked_and_told():
    figure = drawn()
    found, said = labelled(figure), " ".join(text for text, _ in texts(figure))
    assert found["node 0"].get_facecolor() != found["node 1"].get_facecolor()
    assert len(marks(figure, "pain point 1")) == 3  # by the disc, in the list, in the key
    assert "A1 (A)" in said
    assert "ends here +20.0 points (+10.0 to +30.0); 100 customers" in said
    assert not marks(figure, "pain point 2")
    assert not marks(drawn(pains=None), "pain point")


def test_the_emotion_curve_stands_over_the_stages_and_runs_up_with_the_score():
    """Scores of 3.5 and 2 with bands; 12 answers at the third stage are too few to show."""
    figure = drawn()
    points = {line.get_label(): line.get_xydata()[0] for line in figure.axes[0].lines if "score" in line.get_label()}
    discs = labelled(figure)
    assert sorted(points) == ["score 0", "score 1"]
    assert [points[f"score {i}"][0] for i in (0, 1)] == [discs[f"node {i}"].center[0] for i in (0, 1)]
    assert points["score 0"][1] < points["score 1"][1]  # y runs down
    band = discs["band"].get_xy()
    unit = (points["score 1"][1] - points["score 0"][1]) / 1.5
    at_first = band[np.isclose(band[:, 0], points["score 0"][0]), 1]
    assert np.ptp(at_first) == pytest.approx(0.6 * unit)
    assert "**" in [text for text, _ in texts(figure)]


def test_numbers_by_stage():
    said = [text for text, _ in texts(drawn())]
    for words in ("63.6%", "12 hours", "2.0 days*", "18% skip ahead", "16%* go back", "36%", "20%*"):
        assert words in said


def test_a_touchpoint_in_two_channels_shares_its_flow_and_says_so():
    """Of the 50 visits from a1, b1 in the shop with 10 of its 50 visits has a fifth."""
    frames, given = written()
    more = pd.DataFrame([("b", "b1", "shop", 10, 10)], columns=frames["touchpoints"].columns)
    frames["touchpoints"] = pd.concat([frames["touchpoints"].assign(visits=[110, 40, 64]), more], ignore_index=True)
    figure = journey_map(*frames.values(), **given)
    points = {name: patch.get_path().vertices for name, patch in labelled(figure).items() if name.startswith("flow 0")}
    widths = {name: abs(one[0, 1] - one[-2, 1]) for name, one in points.items()}
    assert widths["flow 0 1"] == pytest.approx(4 * widths["flow 0 3"])
    assert "channels of one touchpoint share its flow by visits" in [text for text, _ in texts(figure)]


def test_flow_within_a_stage_bows_out_by_its_width_and_late_starts_are_arcs():
    """25 visits from a1 (shop, above) down to a2 (web) bow to the right; 15 of 115 journeys begin at b."""
    frames, given = written()
    spots, moves = frames["touchpoints"], frames["flows"]
    frames["touchpoints"] = pd.concat([spots, pd.DataFrame([("a", "a2", "web", 60, 60)], columns=spots.columns)])
    more = [("a", "a1", "a", "a2", 25, 22.7, 110), ("(start)", "(start)", "b", "b1", 15, 13.0, 115)]
    frames["flows"] = pd.concat([moves, pd.DataFrame(more, columns=moves.columns)])
    figure = journey_map(*frames.values(), **given)
    found = labelled(figure)
    points, disc = found["flow 0 3"].get_path().vertices, found["node 0"]
    # A Bezier curve with both inner points at x bows out by three quarters of the way there.
    inner, outer = 0.75 * (points[1, 0] - points[0, 0]), 0.75 * (points[4, 0] - points[0, 0])
    flow = found["flow 0 1"].get_path().vertices
    assert (outer - inner) / abs(flow[0, 1] - flow[-2, 1]) == pytest.approx(25 / 50)
    assert inner > disc.get_radius()
    assert "13% begin here" in [text for text, _ in texts(figure)]


def test_a_stage_that_the_map_lacks_stands_apart():
    frames, given = written()
    frames["stages"].loc[2, ["order", "phase"]] = NAN
    said = " ".join(text for text, _ in texts(journey_map(*frames.values(), **given)))
    assert "Not on the map" in said
    assert "80%* leave the map" in said


def test_the_funnel_is_as_long_as_the_share_that_reaches_a_stage():
    """100, 50 and 64 of 100 customers; R: binom::binom.wilson(50, 100) prints 0.4038315 and 0.5961685."""
    frames, _ = written()
    figure = funnel(frames["stages"], customers=100)
    bars = labelled(figure)
    assert [bars[name].get_width() / bars["a"].get_width() for name in "abc"] == pytest.approx([1, 0.5, 0.64])
    said = " ".join(text for text, _ in texts(figure))
    for words in ("50.0% (40.4 to 59.6)", "36.4% of visits end here", "20.0%* of visits end here"):
        assert words in said
    assert "84.0%" not in said  # journeys ought to end at the last stage
    assert funnel(frames["stages"], customers=0) is None


def test_the_words_for_those_who_cannot_see_it():
    frames, given = written()
    given.pop("drawn_map")
    assert journey_alt(*frames.values(), **given) == (
        "Customer journey map: 100 customers, 3 stages. "
        "A (before the purchase): 100 customers; move on 63.6% (54.3 to 72.0); score 3.50 (3.20 to 3.80); A1 100. "
        "B (during the purchase): 50 customers; move on 80.0%* (67.0 to 88.8); score 2.00 (1.70 to 2.30); B1 50. "
        "C (after the purchase): 64 customers; score **; C1 64. A > C: 18% skip ahead. C > A: 16%* go back. "
        "Pain point 1, A1 (A): ends here +20.0 points (+10.0 to +30.0); 100 customers."
    )
    speak("vi")
    assert journey_alt(*frames.values(), **given).startswith(
        "Bản đồ hành trình khách hàng: 100 khách hàng, 3 giai đoạn. A (trước mua hàng): 100 khách hàng; đi tiếp 63,6% "
        "(54,3 đến 72,0)"
    )


def test_the_same_journey_is_drawn_with_the_same_bytes_and_no_figure_stays_open():
    frames, given = written()
    copies = {name: frame.copy() for name, frame in (frames | given).items()}
    assert svg(drawn()) == svg(drawn())
    assert plt.get_fignums() == []
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(frame, (frames | given)[name])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f, o: f.update(flows=f["flows"].drop(columns="to")), "flows of a journey map .* to is missing"),
        (lambda f, o: f.update(touchpoints=f["touchpoints"].assign(stage="x")), "3 do not, e.g. at x"),
        (lambda f, o: f.update(flows=f["flows"].replace("b", "x")), "2 do not, e.g. a > x"),
        (lambda f, o: o.update(scale=(3, 7)), "scale of 3 to 7; 1 do not, e.g. 2 at b"),
        (lambda f, o: f.update(stages=pd.concat([f["stages"]] * 5)), "room for 12 stages; found 15, e.g. a"),
    ],
)
def test_bad_frames_are_refused(change, message):
    frames, given = written()
    change(frames, given)
    with pytest.raises(CxError, match=message):
        journey_map(*frames.values(), **given)


def test_bad_funnels_are_refused():
    stages = written()[0]["stages"]
    with pytest.raises(CxError, match=r"no more than all 60 customers; 2 are, e\.g\. a by 100"):
        funnel(stages, customers=60)
    with pytest.raises(CxError, match="ended_low is missing"):
        funnel(stages.drop(columns="ended_low"), customers=100)


def test_odd_journeys_are_drawn():
    """Nobody; one stage; no scores; a single customer; 10 million customers; no phases."""
    frames, given = written()
    assert journey_map(frames["stages"], frames["touchpoints"], frames["flows"].iloc[1:], **given) is None
    one = {name: frame[frame.iloc[:, 0].isin(["a", "(start)"])] for name, frame in frames.items()}
    one["flows"] = one["flows"][one["flows"]["to"].isin(["a1", "(end)"])]
    unscored = frames | {"stages": frames["stages"].assign(score=NAN, score_low=NAN, score_high=NAN, score_n=0)}
    single = {
        name: frame.assign(**{c: 1 for c in ("customers", "count", "n") if c in frame})
        for name, frame in frames.items()
    }
    many = {name: frame.assign(**{c: 100_000 * frame[c] for c in ("customers", "visits", "count", "n") if c in frame})
            for name, frame in frames.items()}  # fmt: skip
    phaseless = frames | {"stages": frames["stages"].assign(phase=NAN)}
    for odd in (one, unscored, single, many, phaseless):
        figure = journey_map(*odd.values())
        width, height = figure.get_size_inches() * figure.dpi
        assert all(min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height for _, box in texts(figure))


def test_the_demo_study_shows_what_was_planted():
    """data/demo/truth.yml: checkout_app is the worst touchpoint; shares are those of the chain (journey_log).

    Of the visits to search, those that go on are followed by decide in a quarter of cases.
    """
    drawn_map = pd.read_csv(DEMO / "map.csv")
    events = pd.read_csv(DEMO / "events.csv").astype({"when": "datetime64[us]"})
    log = journeys(events, customer="customer_id", order=drawn_map["stage"].unique())
    frames = journey.stages(log, drawn_map), journey.touchpoints(log, drawn_map), transitions(log, level="touchpoint")
    said = journey_alt(*frames, pains=pain_points.rank(log, drawn_map))
    chain = truth()
    assert "Pain point 1, Checkout app (Decide): ends here +" in said
    skip, back = (int(re.search(rf"{ends}: (\d+)%", said)[1]) for ends in ("Search > Decide", "Decide > Search"))
    assert skip == pytest.approx(0.25 * chain.loc["search", "estimate"], abs=2)
    assert back == pytest.approx(chain.loc["decide", "back"], abs=2)
