"""The pictures themselves. Imported by name, by bot/charts.py alone, and never at start.

On a card of its own, rounded and softer than paper, so that it reads in Slack's light and looks meant in its dark; in blue
and orange, which all eyes tell apart; big enough for a phone.
"""

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from bot.charts import Bar, Bullet, Column, Dot, Panel

WIDTH, HEIGHT, LOW = 960, 900, 420
"""As they are shown, one with a single row of bars low; they are drawn with twice as many points each way."""
_INCH = 100

GROUND, EDGE, INK, SOFT, TRACK = "#f2f4f7", "#d5dbe3", "#1d2733", "#566170", "#dde2e9"
ON_BLUE = "#ffffff"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#9aa5b1"
_COLOURS = {"good": BLUE, "short": ORANGE, "too few to say": GREY}
_WORDS = {"good": "on target", "short": "short of it", "too few to say": "too few to say"}
FEWEST_COLUMNS = 5
"""There is room for so many bars at least: one alone would be a wall."""
ACCURACY_END = 0.5
"""Where the bar of a distance ends: beyond half of what was predicted, how far makes no difference."""


def draw(title: str, bars: list[Bar], bullets: list[Bullet]) -> bytes:
    figure = _sheet(title)
    figure.text(
        0.96, 0.903, "leads, and their part of the step before", fontsize=15, color=SOFT, ha="right", va="center"
    )
    _funnel(figure.add_axes((0.225, 0.50, 0.735, 0.38)), bars)
    _bullets(figure.add_axes((0.04, 0.03, 0.92, 0.43)), bullets)
    return _png(figure)


def draw_trend(title: str, panels: list[Panel]) -> bytes:
    """Two beside each other, at most three rows; each on the same height from none to all."""
    figure = _sheet(title)
    figure.text(
        0.96,
        0.903,
        "dashes: target;  ▲ ▼ more than chance;  hollow: still open",
        fontsize=15,
        color=SOFT,
        ha="right",
        va="center",
    )
    for place, panel in enumerate(panels[:6]):
        row, column = divmod(place, 2)
        _panel(figure.add_axes((0.04 + 0.475 * column, 0.615 - 0.295 * row, 0.445, 0.26)), panel)
    return _png(figure)


def draw_columns(title: str, columns: list[Column]) -> bytes:
    """Bars from none to all, each with its interval and what it counts."""
    return _png(columns_on_a_sheet(title, columns))


def columns_on_a_sheet(title: str, columns: list[Column]) -> Figure:
    figure = _sheet(title, LOW)
    axes = figure.add_axes((0.04, 0.05, 0.92, 0.75))
    places = max(len(columns), FEWEST_COLUMNS)
    axes.plot([-0.5, places - 0.5], [0, 0], color=TRACK, linewidth=2)
    for place, column in enumerate(columns):
        _column(axes, place, column)
    axes.set_xlim(-0.5, places - 0.5)
    axes.set_ylim(-0.3, 1.12)
    axes.axis("off")
    return figure


def _sheet(title: str, height: int = HEIGHT) -> Figure:
    figure = Figure(figsize=(WIDTH / _INCH, height / _INCH), dpi=2 * _INCH, facecolor="none")
    FigureCanvasAgg(figure)
    _card(figure, height)
    figure.text(0.04, 1 - 50 / height, title, fontsize=24, fontweight="bold", color=INK, va="center")
    return figure


def _png(figure: Figure) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _card(figure: Figure, height: int) -> None:
    """What all stands on. Beyond its corners nothing is drawn."""
    axes = figure.add_axes((0, 0, 1, 1), zorder=-1)
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, height)
    axes.axis("off")
    card = FancyBboxPatch(
        (2, 2), WIDTH - 4, height - 4, boxstyle="round,pad=0,rounding_size=28", facecolor=GROUND, edgecolor=EDGE
    )
    axes.add_patch(card)


def _funnel(axes: Axes, bars: list[Bar]) -> None:
    """Each step as long as it has leads; its part of the step before stands at its end."""
    most = max([bar.count for bar in bars] + [1])
    for row, bar in enumerate(bars):
        width = bar.count / most
        _pill(axes, row, 1.0, TRACK)
        if bar.count:
            _pill(axes, row, max(width, 0.008), BLUE)
        axes.text(-0.015, row, bar.name, ha="right", va="center", fontsize=18, color=INK)
        inside = width > 0.25
        said = f"{bar.count:,}" + (f"   {bar.note}" if bar.note else "")
        axes.text(
            width - 0.012 if inside else max(width, 0.008) + 0.012,
            row,
            said,
            ha="right" if inside else "left",
            va="center",
            fontsize=18,
            fontweight="bold",
            color=ON_BLUE if inside else INK,
        )
    _bare(axes, len(bars))


def _bullets(axes: Axes, bullets: list[Bullet]) -> None:
    """Each metric as a bar with its target as a line across."""
    for row, bullet in enumerate(bullets):
        end = ACCURACY_END if bullet.low_is_good else 1.0
        _pill(axes, row + 0.18, 1.0, TRACK, height=0.34)
        if bullet.rate:
            _pill(axes, row + 0.18, max(min(bullet.rate / end, 1.0), 0.008), _COLOURS[bullet.mark], height=0.34)
        target = bullet.target / end
        axes.plot([target, target], [row - 0.04, row + 0.40], color=INK, linewidth=4, solid_capstyle="butt")
        axes.text(0, row - 0.25, bullet.name, ha="left", va="center", fontsize=17, color=INK)
        aim = f"{'at most' if bullet.low_is_good else 'over'} {bullet.target:.0%}"
        axes.text(0.44, row - 0.25, f"target {aim}", ha="center", va="center", fontsize=15, color=SOFT)
        said = bullet.now if bullet.rate is None else f"{bullet.now}, {_WORDS[bullet.mark]}"
        axes.text(1, row - 0.25, said, ha="right", va="center", fontsize=17, fontweight="bold", color=INK)
    _bare(axes, len(bullets))


def _panel(axes: Axes, panel: Panel) -> None:
    """The line goes through what is final; what is not stands beside it, hollow."""
    last = max(len(panel.dots) - 1, 1)
    axes.text(-0.45, 1.72, panel.name, ha="left", va="center", fontsize=16, fontweight="bold", color=INK)
    axes.text(last + 0.45, 1.72, panel.aim, ha="right", va="center", fontsize=14, color=SOFT)
    axes.plot([-0.3, last + 0.3], [0, 0], color=TRACK, linewidth=2)
    if panel.target is not None:
        axes.plot([-0.3, last + 0.3], [panel.target, panel.target], color=INK, linewidth=2, linestyle=(0, (4, 3)))
    final = [(place, dot.rate) for place, dot in enumerate(panel.dots) if dot.mature and dot.rate is not None]
    axes.plot([place for place, _ in final], [rate for _, rate in final], color=_COLOURS[panel.mark], linewidth=4)
    for place, dot in enumerate(panel.dots):
        _dot(axes, place, dot, _COLOURS[panel.mark])
    axes.set_xlim(-0.45, last + 0.45)
    axes.set_ylim(-0.35, 1.85)
    axes.axis("off")


def _dot(axes: Axes, place: int, dot: Dot, colour: str) -> None:
    axes.text(place, -0.2, dot.quarter, ha="center", va="center", fontsize=12, color=SOFT)
    if dot.rate is None:
        return
    face = colour if dot.mature else GROUND
    axes.plot([place], [dot.rate], "o", markersize=11, markerfacecolor=face, markeredgecolor=colour, markeredgewidth=3)
    said = f"{dot.arrow}\n{dot.said}".lstrip()
    # On the ground of its own, so that the line of the target does not strike it out.
    axes.text(
        place,
        dot.rate + 0.12,
        said,
        ha="center",
        va="bottom",
        fontsize=13,
        fontweight="bold",
        color=INK,
        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1},
    )


def _column(axes: Axes, place: int, column: Column) -> None:
    axes.bar([place], [column.rate], width=0.62, color=BLUE)
    if column.high > column.low:
        axes.plot([place, place], [column.low, column.high], color=GREY, linewidth=4)
    above = max(column.rate, column.high) + 0.02
    axes.text(place, above, f"{column.rate:.0%}", ha="center", va="bottom", fontsize=15, fontweight="bold", color=INK)
    axes.text(place, -0.05, column.label, ha="center", va="top", fontsize=13, color=INK)
    axes.text(place, -0.18, column.note, ha="center", va="top", fontsize=12, color=SOFT)


def _pill(axes: Axes, row: float, width: float, colour: str, *, height: float = 0.72) -> None:
    bar = FancyBboxPatch(
        (0, row - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.006", linewidth=0, facecolor=colour
    )
    axes.add_patch(bar)


def _bare(axes: Axes, rows: int) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.axis("off")
