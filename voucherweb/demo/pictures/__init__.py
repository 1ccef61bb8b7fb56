"""Pictures of the demo vouchers, drawn by this code: flat, no fonts, the same for the same seed."""

from collections.abc import Callable
from random import Random

from voucherweb.demo.pictures import motifs, signs
from voucherweb.demo.pictures.backgrounds import BACKGROUNDS
from voucherweb.demo.pictures.canvas import Board, Palette, faded

_DRAWN = (
    *(motifs.coffee, motifs.bottle, motifs.cone, motifs.cake, motifs.bread, motifs.bowl),
    *(motifs.apple, motifs.egg, motifs.gift, motifs.bag, motifs.watch, motifs.umbrella),
    *(motifs.lotion, motifs.book, motifs.brush, signs.pulse, signs.cross, signs.leaf),
    *(signs.tooth, signs.moon, signs.drop, signs.dumbbell, signs.shoe, signs.film),
    *(signs.note, signs.mountain, signs.bicycle, signs.lotus, signs.ticket, signs.phone),
    signs.taxi,
)
MOTIFS: dict[str, Callable[[Board], None]] = {draw.__name__: draw for draw in _DRAWN}


def draw_picture(motif: str, hue: float, seed: int) -> bytes:
    """A WebP of 640 × 400 pixels, some 10 KB; the seed decides about its background.

    Raises `KeyError` for a motif that nobody has drawn.
    """
    rng = Random(seed)  # noqa: S311 - a pattern, no secret.
    board = Board(Palette.of(hue))
    BACKGROUNDS[seed % len(BACKGROUNDS)](board, rng)
    board.circle(80, 51, 43, faded(board.palette.white, 34))
    board.circle(80, 51, 37, faded(board.palette.white, 40))
    board.shadow(80, 84, 30, 4)
    MOTIFS[motif](board)
    return board.webp()
