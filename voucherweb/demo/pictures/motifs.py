"""Motifs of food and things to have: each draws around the middle of the board, (80, 50)."""

from voucherweb.demo.pictures.canvas import Board, faded


def coffee(board: Board) -> None:
    p = board.palette
    board.arc((99, 54), 8, (-80, 80), 4, p.white)
    board.blob([(60, 40), (100, 40), (97, 64), (88, 73), (72, 73), (63, 64)], p.white)
    board.ellipse(80, 40, 20, 5, p.soft)
    board.ellipse(80, 40.6, 17, 3.6, p.ink)
    board.ellipse(80, 77, 27, 3.4, p.soft)
    for x in (71, 80, 89):
        wave = [(x, 31), (x + 2.4, 27), (x - 2.2, 22), (x + 1, 17)]
        board.line(wave, 1.8, p.white)
    board.blob(
        [(80, 66), (73, 58), (74, 53.5), (78, 53), (80, 56), (82, 53), (86, 53.5), (87, 58)],
        p.accent,
    )


def bottle(board: Board) -> None:
    p = board.palette
    board.box((74, 18), (86, 26), p.ink, 2)
    board.blob(
        [
            (75, 26),
            (85, 26),
            (86, 33),
            (94, 44),
            (94, 76),
            (88, 81),
            (72, 81),
            (66, 76),
            (66, 44),
            (74, 33),
        ],
        p.white,
    )
    board.box((66, 48), (94, 68), p.accent, 1)
    board.blob([(73, 63), (73, 55), (80, 51), (88, 52), (87, 60), (80, 65)], p.white)
    board.line([(72, 65), (84, 55)], 1.2, p.accent)


def cone(board: Board) -> None:
    p = board.palette
    board.poly([(65, 50), (95, 50), (80, 86)], p.accent)
    for n in (1, 2, 3):
        start, length = 65 + n * 7.5, 1 - n / 4
        end = (start + 15 * length, 50 + 36 * length)
        board.line([(start, 50), end], 0.9, p.ink)
        board.line([(160 - start, 50), (160 - end[0], end[1])], 0.9, p.ink)
    board.blob(
        [(62, 51), (60, 44), (66, 38), (94, 38), (100, 44), (98, 51), (89, 53), (80, 51), (71, 53)],
        p.white,
    )
    board.blob([(66, 40), (66, 32), (73, 28), (87, 28), (94, 32), (94, 40), (80, 42)], p.soft)
    board.blob([(71, 30), (74, 22), (82, 14), (85, 21), (90, 28), (80, 32)], p.white)
    board.circle(88, 19, 4, p.ink)


def cake(board: Board) -> None:
    p = board.palette
    board.ellipse(80, 76, 32, 4.5, p.soft)
    board.box((55, 50), (105, 75), p.accent, 4)
    board.box((55, 60), (105, 65), p.ink)
    board.blob(
        [
            (54, 50),
            (56, 44),
            (80, 42),
            (104, 44),
            (106, 50),
            (103, 58),
            (98, 53),
            (92, 60),
            (86, 53),
            (79, 59),
            (72, 53),
            (66, 60),
            (61, 53),
            (57, 57),
        ],
        p.white,
    )
    for x in (68, 80, 92):
        board.line([(x, 42), (x, 30)], 2.6, p.soft)
        board.blob([(x, 28), (x - 2.6, 25), (x, 19), (x + 2.6, 25)], p.accent)


def bread(board: Board) -> None:
    p = board.palette
    board.blob(
        [
            (48, 62),
            (52, 44),
            (66, 32),
            (84, 29),
            (100, 37),
            (110, 52),
            (112, 63),
            (103, 66),
            (94, 58),
            (80, 55),
            (66, 58),
            (57, 66),
        ],
        p.accent,
    )
    for start, end in (
        ((63, 36), (67, 57)),
        ((78, 30), (79, 55)),
        ((94, 33), (92, 57)),
        ((105, 44), (100, 61)),
    ):
        board.line([start, end], 2.2, p.white)
    board.ellipse(80, 74, 34, 4, p.white)


def bowl(board: Board) -> None:
    p = board.palette
    board.line([(104, 18), (84, 46)], 2, p.ink)
    board.line([(111, 22), (90, 47)], 2, p.ink)
    for x, y, r in ((68, 45, 8), (80, 42, 9), (91, 46, 7)):
        board.circle(x, y, r, p.accent)
        board.circle(x - 2, y - 2, r * 0.4, faded(p.white, 130))
    board.blob([(60, 46), (65, 38), (70, 46), (66, 52)], p.soft)
    board.blob([(50, 48), (110, 48), (106, 66), (94, 78), (66, 78), (54, 66)], p.white)
    board.box((70, 78), (90, 82), p.soft, 2)
    board.line([(56, 58), (104, 58)], 2, p.accent)


def apple(board: Board) -> None:
    p = board.palette
    board.blob(
        [
            (80, 34),
            (68, 30),
            (57, 38),
            (55, 53),
            (62, 70),
            (73, 79),
            (80, 77),
            (87, 79),
            (98, 70),
            (105, 53),
            (103, 38),
            (92, 30),
        ],
        p.accent,
    )
    board.blob([(62, 44), (66, 37), (70, 39), (65, 52)], faded(p.white, 150))
    board.line([(80, 35), (82, 22)], 2.6, p.ink)
    board.blob([(83, 28), (88, 18), (100, 16), (97, 25), (90, 29)], p.white)


def egg(board: Board) -> None:
    p = board.palette
    for x, lean in ((68, p.white), (93, p.soft)):
        board.blob(
            [
                (x, 28),
                (x + 11, 40),
                (x + 14, 56),
                (x + 8, 69),
                (x, 72),
                (x - 8, 69),
                (x - 14, 56),
                (x - 11, 40),
            ],
            lean,
        )
    board.circle(93, 56, 8, p.accent)
    board.blob([(60, 48), (62, 39), (66, 36), (65, 45)], faded(p.accent, 120))
    board.ellipse(80, 78, 32, 3.6, p.white)


def gift(board: Board) -> None:
    p = board.palette
    board.box((56, 46), (104, 80), p.white, 3)
    board.box((52, 38), (108, 50), p.soft, 3)
    board.box((75, 38), (85, 80), p.accent)
    board.blob([(80, 38), (66, 36), (60, 27), (66, 21), (74, 25)], p.accent)
    board.blob([(80, 38), (94, 36), (100, 27), (94, 21), (86, 25)], p.accent)
    board.circle(80, 36, 4.4, p.ink)


def bag(board: Board) -> None:
    p = board.palette
    board.arc((80, 38), 13, (180, 360), 3.4, p.ink)
    board.blob([(57, 38), (103, 38), (107, 80), (53, 80)], p.white)
    board.circle(67, 46, 2, p.ink)
    board.circle(93, 46, 2, p.ink)
    board.arc((80, 55), 9, (20, 160), 3.4, p.accent)


def watch(board: Board) -> None:
    p = board.palette
    board.box((68, 12), (92, 88), p.ink, 5)
    board.box((58, 28), (102, 72), p.white, 10)
    board.box((62, 32), (98, 68), p.ink, 7)
    board.line([(65, 52), (72, 52), (76, 42), (82, 60), (86, 50), (95, 50)], 2.2, p.accent)
    board.box((102, 45), (106, 55), p.soft, 1.5)


def umbrella(board: Board) -> None:
    p = board.palette
    board.line([(80, 20), (80, 74)], 2.4, p.ink)
    board.arc((86, 74), 6, (180, 20), 2.4, p.ink)
    points = [(46, 52), (50, 36), (64, 25), (80, 22), (96, 25), (110, 36), (114, 52)]
    board.blob([*points, (103, 48), (91, 53), (80, 49), (69, 53), (57, 48)], p.white)
    board.blob([(69, 52), (71, 34), (80, 22), (89, 34), (91, 52), (80, 49)], p.accent)


def lotion(board: Board) -> None:
    p = board.palette
    for n in range(8):
        angle = n * 45
        board.arc((102, 30), 13, (angle - 4, angle + 4), 3, p.white)
    board.circle(102, 30, 8, p.accent)
    board.box((66, 24), (84, 34), p.ink, 2)
    board.poly([(60, 36), (90, 36), (86, 80), (64, 80)], p.white)
    board.box((60, 34), (90, 40), p.soft, 2)
    board.blob([(75, 50), (80, 59), (79, 65), (75, 67), (71, 65), (70, 59)], p.accent)


def book(board: Board) -> None:
    p = board.palette
    board.poly([(46, 34), (80, 40), (80, 78), (46, 71)], p.white)
    board.poly([(114, 34), (80, 40), (80, 78), (114, 71)], p.soft)
    for n in range(4):
        y = 46 + n * 6
        board.line([(52, y - 1), (74, y + 3)], 1.5, p.deep)
        board.line([(108, y - 1), (86, y + 3)], 1.5, p.deep)
    board.poly([(95, 37), (102, 36), (102, 54), (98.5, 51), (95, 55)], p.accent)


def brush(board: Board) -> None:
    p = board.palette
    board.line([(54, 76), (92, 38)], 6.5, p.white)
    board.line([(92, 38), (106, 24)], 4, p.soft)
    for n in range(4):
        x, y = 95 + n * 4, 33 - n * 4
        board.line([(x, y), (x - 6, y - 6)], 2.6, p.accent)
    board.circle(70, 60, 2, p.accent)
    board.blob([(58, 30), (64, 24), (71, 27), (72, 38), (66, 45), (60, 39)], p.white)
