"""Colours are told apart by everyone: contrast, and distance as the colour-blind see it."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from bot.charts import palette
from bot.charts.palette import CATEGORIES, TONES, colours
from bot.model.chart import Series, Tone

RGB = tuple[float, float, float]
Matrix = tuple[RGB, RGB, RGB]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
SIGHT: dict[str, Matrix] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}
# CIEDE2000 of two fills side by side. 2 is about the least difference that is noticed at all; 10 is
# seen at a glance. Tones carry the meaning, so they must be twice as far apart as that.
TONES_APART = 20.0
CATEGORIES_APART = 12.0


def linear(colour: str) -> RGB:
    def channel(place: int) -> float:
        value = int(colour[place : place + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return channel(1), channel(3), channel(5)


def times(matrix: Matrix, vector: RGB) -> RGB:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""

    def luminance(colour: str) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb: RGB) -> RGB:
    """CIE L*a*b* (D65) of linear RGB."""
    to_xyz: Matrix = (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    )
    red, green, blue = (min(1.0, max(0.0, value)) for value in rgb)
    xyz = times(to_xyz, (red, green, blue))
    x, y, z = (
        math.cbrt(t) if (t := value / white) > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for value, white in zip(xyz, (0.95047, 1.0, 1.08883), strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one: RGB, other: RGB) -> float:
    """Sharma, Wu, Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = 1 + sum(
        weight * math.cos(math.radians(n * hue + shift))
        for weight, n, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    sl = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    spin = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    rt = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(math.radians(spin))
    dl, dc = (l2 - l1) / sl, (c2 - c1) / sc
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / sh
    return math.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh)


def apart(one: str, other: str, sight: str) -> float:
    first, second = (lab(times(SIGHT[sight], linear(colour))) for colour in (one, other))
    return ciede2000(first, second)


def test_the_yardsticks_agree_with_published_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    pairs = [  # from the test data of Sharma et al.
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ]
    for one, other, published in pairs:
        assert ciede2000(one, other) == pytest.approx(published, abs=0.0001)


def test_a_red_and_a_green_of_one_lightness_fail_the_yardstick() -> None:
    """Or it would let everything pass."""
    red, green = "#c23b22", "#687a00"
    assert apart(red, green, "normal") > 40
    assert apart(red, green, "deuteranopia") < CATEGORIES_APART


@pytest.mark.parametrize("sight", SIGHT)
def test_tones_are_far_apart(sight: str) -> None:
    nearest = min(apart(*pair, sight) for pair in combinations(TONES.values(), 2))
    assert nearest >= TONES_APART


@pytest.mark.parametrize("sight", SIGHT)
def test_categories_are_told_apart_from_each_other_and_from_the_rest(sight: str) -> None:
    together = (*CATEGORIES, TONES[Tone.NOISE])
    assert min(apart(*pair, sight) for pair in combinations(together, 2)) >= CATEGORIES_APART


@pytest.mark.parametrize("colour", sorted({*TONES.values(), *CATEGORIES}))
def test_fills_stand_out_from_the_background(colour: str) -> None:
    assert contrast(colour, palette.BACKGROUND) >= 3


@pytest.mark.parametrize("colour", [palette.INK, palette.MUTED])
def test_text_can_be_read(colour: str) -> None:
    assert contrast(colour, palette.BACKGROUND) >= 4.5
    assert contrast(colour, palette.UNKNOWN) >= 4.5


def test_series_take_their_tones_colour_and_never_share_one() -> None:
    tones = (Tone.REJECTED, Tone.PLAIN, Tone.PLAIN, Tone.REJECTED, Tone.REJECTED, Tone.NOISE)
    chosen = colours([Series("s", (), tone) for tone in tones])
    assert (chosen[0], chosen[1], chosen[5]) == (
        TONES[Tone.REJECTED],
        TONES[Tone.PLAIN],
        TONES[Tone.NOISE],
    )
    assert len(set(chosen)) == len(tones)
    many = colours([Series("s", ())] * 2 * len(CATEGORIES))
    assert len(set(many)) == len(many)
