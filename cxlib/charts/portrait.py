"""A persona's face and colour: the same wherever its number stands, and told apart without colour too."""

import math

from matplotlib.artist import Artist
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, Ellipse, Polygon, Rectangle, Wedge

# Dark enough for white letters on them, far apart for colour-blind eyes too, and neighbours of unlike lightness; in
# black and white the figures' hat, cloth and number tell them apart.
COLORS = ("#1f5f8b", "#8c6e1a", "#3b1b5d", "#a75979", "#2b4348", "#617144", "#803011", "#522d1f")
CLOTHS = ("", "//", "..", "--", "xx", "||", "\\\\", "++")


def color_of(number: int) -> str:
    """The colour of a persona, by its number."""
    return COLORS[(number - 1) % len(COLORS)]


def pale(number: int, share: float) -> str:
    """So much of a persona's colour on white."""
    return mix("white", color_of(number), share)


def mix(one: str, other: str, share: float) -> str:
    """One colour with so much of the other in it, as a share from 0 to 1."""
    return to_hex([a + (b - a) * share for a, b in zip(to_rgb(one), to_rgb(other), strict=True)])


def portrait(number: int, x: float, y: float, radius: float) -> list[Artist]:
    """A figure of plain shapes in a disc, told apart by hair or hat and by the cloth of the shoulders."""
    turns = [math.pi * i / 60 for i in range(120)]
    dome = [(0.78 * math.cos(turn), 1.02 + 0.62 * math.sin(turn)) for turn in turns]
    dome = [(a * inside, b * inside) for a, b in dome for inside in [min(1, 1 / math.hypot(a, b))]]  # within the disc
    behind, before = _hair(number, x, y, radius)
    return [
        Circle((x, y), radius, fc=pale(number, 0.25), lw=0),
        *behind,
        Polygon([(x + a * radius, y + b * radius) for a, b in dome], fc=color_of(number), ec=pale(number, 0.6), lw=0,
                hatch=CLOTHS[(number - 1) % len(CLOTHS)]),
        Rectangle((x - 0.15 * radius, y), 0.3 * radius, 0.5 * radius, fc="white", lw=0),
        Ellipse((x, y - 0.14 * radius), 0.8 * radius, 0.88 * radius, fc="white", lw=0),
        *before,
        Circle((x, y), radius, fc="none", ec="white", lw=1.2),
    ]  # fmt: skip


def _hair(number: int, x: float, y: float, radius: float) -> tuple[list[Artist], list[Artist]]:
    """Hair, hat, glasses or headphones of a figure: what lies behind its face, and what before it."""
    dark = mix(color_of(number), "black", 0.45)

    def ellipse(across, down, wide, high):
        return Ellipse((x + across * radius, y + down * radius), 2 * wide * radius, 2 * high * radius, fc=dark, lw=0)

    def cap(start, end):
        return Wedge((x, y - 0.14 * radius), 0.46 * radius, start, end, fc=dark, lw=0)

    def box(left, top, wide, high):
        return Rectangle((x + left * radius, y + top * radius), wide * radius, high * radius, fc=dark, lw=0)

    def glass(across):
        return Circle((x + across * radius, y - 0.1 * radius), 0.14 * radius, fc="none", ec=dark, lw=2.2 * radius)

    curls = [ellipse(0.42 * math.cos(turn), -0.2 + 0.42 * math.sin(turn), 0.17, 0.17)
             for turn in (math.pi * (1 + i / 5) for i in range(6))]  # fmt: skip
    strap = Wedge((x, y - 0.14 * radius), 0.56 * radius, 180, 360, width=0.08 * radius, fc=dark, lw=0)
    heads = (
        ([], [cap(180, 360)]),
        ([ellipse(0, -0.68, 0.13, 0.13)], [cap(185, 355), box(-0.48, -0.27, 0.96, 0.13)]),
        ([], [cap(205, 335), glass(-0.19), glass(0.19), box(-0.05, -0.12, 0.1, 0.05)]),
        ([], [cap(150, 330)]),
        (curls, []),
        ([], [cap(190, 350), box(-0.1, -0.3, 0.78, 0.1)]),
        ([], [box(-0.36, -0.76, 0.72, 0.42), box(-0.6, -0.36, 1.2, 0.1)]),
        ([strap], [ellipse(-0.47, -0.1, 0.11, 0.19), ellipse(0.47, -0.1, 0.11, 0.19)]),
    )
    return heads[(number - 1) % len(heads)]
