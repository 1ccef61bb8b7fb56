"""Motifs of health, outings and codes: each draws around the middle of the board, (80, 50)."""

from voucherweb.demo.pictures.canvas import Board, faded, turned

HEART = [(80, 80), (62, 66), (52, 50), (54, 36), (64, 29), (74, 31), (80, 39)]


def _heart(board: Board) -> None:
    mirrored = [(160 - x, y) for x, y in reversed(HEART[1:-1])]
    board.blob([*HEART, *mirrored], board.palette.white)


def pulse(board: Board) -> None:
    _heart(board)
    beat = [(46, 54), (66, 54), (71, 44), (78, 66), (85, 40), (90, 54), (114, 54)]
    board.line(beat, 2.8, board.palette.accent)


def cross(board: Board) -> None:
    p = board.palette
    board.box((52, 26), (108, 80), p.white, 9)
    board.box((74, 34), (86, 72), p.accent, 2)
    board.box((61, 47), (99, 59), p.accent, 2)
    board.arc((80, 27), 11, (190, 350), 4, p.ink)


def leaf(board: Board) -> None:
    p = board.palette
    board.blob(
        [(54, 76), (50, 54), (62, 34), (86, 24), (110, 22), (107, 46), (95, 66), (74, 76)], p.white
    )
    board.line([(50, 82), (70, 62), (96, 36)], 2.4, p.deep)
    for x, y in ((66, 66), (76, 56), (86, 46)):
        board.line([(x, y), (x + 13, y + 2)], 1.6, p.deep)
        board.line([(x, y), (x - 1, y - 13)], 1.6, p.deep)


def tooth(board: Board) -> None:
    p = board.palette
    board.blob(
        [
            (80, 34),
            (68, 27),
            (56, 32),
            (55, 47),
            (61, 60),
            (64, 76),
            (70, 79),
            (75, 64),
            (80, 60),
            (85, 64),
            (90, 79),
            (96, 76),
            (99, 60),
            (105, 47),
            (104, 32),
            (92, 27),
        ],
        p.white,
    )
    board.arc((76, 46), 13, (190, 250), 2.4, p.deep)
    for x, y, r in ((108, 26, 4), (114, 38, 2.4), (50, 24, 3)):
        board.poly(
            [(x, y - r * 1.8), (x + r * 0.6, y), (x, y + r * 1.8), (x - r * 0.6, y)], p.accent
        )


def moon(board: Board) -> None:
    p = board.palette
    board.blob(
        [
            (84, 22),
            (66, 28),
            (56, 44),
            (58, 62),
            (70, 76),
            (88, 78),
            (103, 68),
            (88, 66),
            (77, 56),
            (73, 42),
            (76, 30),
        ],
        p.white,
    )
    for x, y, r in ((98, 34, 5), (110, 50, 3), (92, 50, 2.4), (116, 26, 3)):
        star = [turned((x, y), r if n % 2 == 0 else r * 0.42, n * 36 - 90) for n in range(10)]
        board.poly(star, p.accent)


def drop(board: Board) -> None:
    p = board.palette
    board.blob(
        [(80, 18), (92, 36), (101, 54), (98, 70), (88, 80), (72, 80), (62, 70), (59, 54), (68, 36)],
        p.white,
    )
    board.box((76, 48), (84, 72), p.accent, 1.5)
    board.box((68, 56), (92, 64), p.accent, 1.5)
    board.blob([(66, 50), (71, 38), (74, 38), (70, 52)], faded(p.deep, 90))


def dumbbell(board: Board) -> None:
    p = board.palette
    board.box((58, 47), (102, 55), p.soft, 2)
    for x, top, colour in (
        (50, 34, p.white),
        (58, 30, p.accent),
        (94, 30, p.accent),
        (103, 34, p.white),
    ):
        board.box((x, top), (x + 8, 102 - top), colour, 3)
    board.box((45, 46), (51, 56), p.ink, 2)
    board.box((110, 46), (116, 56), p.ink, 2)


def shoe(board: Board) -> None:
    p = board.palette
    board.blob(
        [
            (46, 42),
            (56, 36),
            (66, 44),
            (78, 42),
            (92, 54),
            (108, 58),
            (115, 66),
            (113, 74),
            (48, 74),
            (44, 58),
        ],
        p.white,
    )
    board.box((44, 70), (116, 79), p.accent, 4)
    for n in range(3):
        x, y = 76 + n * 6, 44 + n * 4
        board.line([(x, y), (x - 5, y + 7)], 1.9, p.ink)
    board.blob([(52, 66), (62, 54), (78, 62), (96, 66)], faded(p.deep, 200))
    for y in (34, 46, 58):
        board.line([(22, y), (36, y)], 1.8, p.white)


def film(board: Board) -> None:
    p = board.palette
    board.box((50, 44), (110, 80), p.ink, 4)
    board.poly([(50, 40), (108, 26), (110, 35), (52, 49)], p.white)
    for n in range(4):
        x = 58 + n * 14
        top = 38 - n * 3.4
        board.poly([(x, top), (x + 6, top - 1.5), (x + 2, top + 8), (x - 4, top + 9.4)], p.ink)
    board.poly([(73, 54), (73, 72), (90, 63)], p.accent)


def note(board: Board) -> None:
    p = board.palette
    board.line([(70, 66), (70, 30), (102, 23), (102, 60)], 3.4, p.white)
    board.line([(70, 38), (102, 31)], 5, p.white)
    board.ellipse(63, 68, 9, 7, p.accent)
    board.ellipse(95, 62, 9, 7, p.accent)


def mountain(board: Board) -> None:
    p = board.palette
    board.circle(106, 30, 9, p.accent)
    board.poly([(40, 80), (70, 30), (100, 80)], p.white)
    board.poly([(74, 80), (96, 46), (120, 80)], p.soft)
    board.poly([(70, 30), (79, 45), (74, 49), (70, 44), (65, 49), (61, 45)], p.deep)


def bicycle(board: Board) -> None:
    p = board.palette
    for x in (58, 102):
        board.arc((x, 64), 14, (0, 360), 2.8, p.white)
        board.circle(x, 64, 2.4, p.accent)
    board.line([(58, 64), (70, 42), (93, 42), (79, 64), (58, 64)], 2.8, p.accent)
    board.line([(70, 42), (79, 64)], 2.8, p.accent)
    board.line([(102, 64), (92, 34), (100, 32)], 2.8, p.ink)
    board.line([(65, 37), (75, 37)], 3.4, p.ink)


def lotus(board: Board) -> None:
    p = board.palette
    for lean, colour in ((-24, p.soft), (24, p.soft), (-13, p.white), (13, p.white)):
        board.blob(
            [(80, 74), (74 + lean, 58), (80 + lean * 1.5, 32 + abs(lean) * 0.7), (86 + lean, 58)],
            colour,
        )
    board.blob([(80, 74), (71, 54), (80, 26), (89, 54)], p.accent)
    board.ellipse(80, 77, 30, 3.4, p.white)


def ticket(board: Board) -> None:
    p = board.palette
    shape = [
        (44, 34),
        (116, 34),
        (116, 46),
        (112, 52),
        (116, 58),
        (116, 72),
        (44, 72),
        (44, 58),
        (48, 52),
        (44, 46),
    ]
    board.poly(shape, p.white)
    for n in range(6):
        board.box((90, 37 + n * 6), (91.6, 40 + n * 6), p.deep)
    board.line([(56, 64), (78, 42)], 3.2, p.accent)
    board.circle(58, 45, 4.6, p.accent)
    board.circle(76, 61, 4.6, p.accent)
    board.box((97, 44), (106, 62), p.soft, 2)


def phone(board: Board) -> None:
    p = board.palette
    board.box((62, 16), (98, 86), p.ink, 6)
    board.box((65, 22), (95, 80), p.white, 2)
    for row in range(5):
        for column in range(5):
            corner = row in {0, 4} and column in {0, 4}
            if corner or (row * 3 + column * 5) % 4 != 1:
                x, y = 69 + column * 4.6, 30 + row * 4.6
                board.box((x, y), (x + 3.8, y + 3.8), p.accent if corner else p.ink)
    board.box((70, 60), (90, 64), p.soft, 2)
    board.box((70, 68), (84, 72), p.soft, 2)


def taxi(board: Board) -> None:
    p = board.palette
    board.box((73, 27), (87, 34), p.ink, 2)
    board.blob([(58, 50), (64, 36), (80, 33), (96, 36), (102, 50)], p.soft)
    board.box((46, 47), (114, 68), p.white, 7)
    board.box((46, 55), (114, 60), p.accent)
    for x in (61, 99):
        board.circle(x, 68, 8, p.ink)
        board.circle(x, 68, 3.4, p.soft)
    board.line([(80, 37), (80, 47)], 2, p.deep)
