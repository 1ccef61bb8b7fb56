"""What stands behind the motif: calm patterns in white at a low strength."""

from random import Random

from voucherweb.demo.pictures.canvas import HEIGHT, WIDTH, Board, faded, turned


def bubbles(board: Board, rng: Random) -> None:
    for _ in range(7):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        board.circle(x, y, rng.uniform(8, 34), faded(board.palette.white, rng.randint(14, 30)))


def dots(board: Board, rng: Random) -> None:
    gap, size = rng.choice((9, 11, 13)), rng.uniform(0.9, 1.6)
    for row in range(-1, HEIGHT // gap + 2):
        for column in range(-1, WIDTH // gap + 2):
            x = column * gap + (row % 2) * gap / 2
            board.circle(x, row * gap, size, faded(board.palette.white, 46))


def stripes(board: Board, rng: Random) -> None:
    gap, lean = rng.choice((14, 18, 22)), rng.choice((-60, 60))
    for n in range(-6, WIDTH // gap + 7):
        x = n * gap
        corners = [(x, 0), (x + gap / 2, 0), (x + gap / 2 + lean, HEIGHT), (x + lean, HEIGHT)]
        board.poly(corners, faded(board.palette.white, 26))


def rays(board: Board, rng: Random) -> None:
    start = rng.uniform(0, 24)
    for n in range(15):
        angle = start + n * 24
        far = [turned((80, 52), 130, angle), turned((80, 52), 130, angle + 12)]
        board.poly([(80, 52), *far], faded(board.palette.white, 28))


def hills(board: Board, rng: Random) -> None:
    for n in range(3):
        top = 58 + n * 13
        heights = [top + rng.uniform(-7, 7) for _ in range(5)]
        ridge = [(-30 + k * 55, height) for k, height in enumerate(heights)]
        board.blob([*ridge, (210, 160), (-50, 160)], faded(board.palette.white, 26))


def confetti(board: Board, rng: Random) -> None:
    for _ in range(34):
        centre = (rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT))
        turn, size = rng.uniform(0, 90), rng.uniform(1.2, 2.8)
        corners = [turned(centre, size, turn + quarter) for quarter in (0, 70, 180, 250)]
        colour = board.palette.accent if rng.random() < 0.3 else board.palette.white
        board.poly(corners, faded(colour, 92))


BACKGROUNDS = (bubbles, dots, stripes, rays, hills, confetti)
