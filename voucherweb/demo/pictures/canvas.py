"""A small drawing board: flat shapes in units of a 160 × 100 picture, smoothed by halving."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import cos, radians, sin

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 160, 100
PIXELS = 8
"""Pixels of the board for one unit; the picture has half as many."""

Colour = tuple[int, int, int, int]
Point = tuple[float, float]


def hsl(hue: float, saturation: float, lightness: float, alpha: int = 255) -> Colour:
    """A colour; hue in degrees, the others from 0 to 1, alpha from 0 to 255."""
    red, green, blue = colorsys.hls_to_rgb(hue % 360 / 360, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255), alpha


@dataclass(frozen=True, slots=True)
class Palette:
    """The few colours of one picture, all out of one hue and its neighbour."""

    light: Colour
    deep: Colour
    ink: Colour
    accent: Colour
    soft: Colour
    white: Colour = (255, 255, 255, 255)

    @classmethod
    def of(cls, hue: float) -> "Palette":
        return cls(
            light=hsl(hue - 14, 0.62, 0.74),
            deep=hsl(hue + 22, 0.58, 0.47),
            ink=hsl(hue + 15, 0.5, 0.22),
            accent=hsl(hue + 165, 0.78, 0.6),
            soft=hsl(hue, 0.45, 0.9),
        )


def faded(colour: Colour, alpha: int) -> Colour:
    return (*colour[:3], alpha)


class Board:
    """Shapes are drawn one over the other; a colour with alpha lets what is below shine through."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.image = _gradient(palette.light, palette.deep)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def circle(self, x: float, y: float, radius: float, fill: Colour) -> None:
        self.ellipse(x, y, radius, radius, fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        self._draw.ellipse(_scaled([(x - rx, y - ry), (x + rx, y + ry)]), fill=fill)

    def box(self, start: Point, end: Point, fill: Colour, radius: float = 0) -> None:
        self._draw.rounded_rectangle(_scaled([start, end]), radius * PIXELS, fill=fill)

    def poly(self, points: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon(_scaled(points), fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """A line with round corners and ends; its colour should be opaque."""
        self._draw.line(_scaled(points), fill=fill, width=round(width * PIXELS), joint="curve")
        for x, y in (points[0], points[-1]):
            self.circle(x, y, width / 2, fill)

    def arc(
        self, centre: Point, radius: float, span: tuple[float, float], width: float, fill: Colour
    ) -> None:
        """Part of a ring, in degrees clockwise from three o'clock."""
        first, last = span
        steps = max(8, round(abs(last - first) / 4))
        angles = [first + (last - first) * n / steps for n in range(steps + 1)]
        self.line([turned(centre, radius, angle) for angle in angles], width, fill)

    def blob(self, points: Sequence[Point], fill: Colour) -> None:
        """A closed smooth shape through these points."""
        self.poly(smooth(points), fill)

    def shadow(self, x: float, y: float, rx: float, ry: float) -> None:
        for n in range(6):
            grow = 1 + (2.5 - n) * 0.05
            self.ellipse(x, y, rx * grow, ry * grow, faded(self.palette.ink, 16))

    def webp(self) -> bytes:
        out = BytesIO()
        self.image.reduce(2).save(out, "WEBP", quality=84, method=2)
        return out.getvalue()


def turned(centre: Point, radius: float, angle: float) -> Point:
    """The point at that angle (degrees, clockwise from three o'clock) around the centre."""
    return (
        centre[0] + radius * cos(radians(angle)),
        centre[1] + radius * sin(radians(angle)),
    )


def smooth(points: Sequence[Point], steps: int = 12) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    found = []
    count = len(points)
    for n in range(count):
        before, start, end, after = (points[(n + k) % count] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            found.append(
                (
                    _spline(before[0], start[0], end[0], after[0], t),
                    _spline(before[1], start[1], end[1], after[1], t),
                )
            )
    return found


def _spline(before: float, start: float, end: float, after: float, t: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * PIXELS, y * PIXELS) for x, y in points]


def _gradient(light: Colour, deep: Colour) -> Image.Image:
    """From the upper left to the lower right: a few exact colours, made large."""
    small = Image.new("RGB", (17, 11))
    for row in range(11):
        for column in range(17):
            way = column / 16 * 0.45 + row / 10 * 0.55
            small.putpixel((column, row), _between(light, deep, way))
    return small.resize((WIDTH * PIXELS, HEIGHT * PIXELS), Image.Resampling.BICUBIC)


def _between(start: Colour, end: Colour, way: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * way) for a, b in zip(start[:3], end[:3], strict=True))
    return red, green, blue
