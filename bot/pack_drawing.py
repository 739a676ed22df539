"""The pictures of the monthly pack themselves. Imported by name, by bot/pack_charts.py alone, and never at start."""

from collections.abc import Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.drawing import BLUE, GREY, GROUND, INK, ORANGE, SOFT, TRACK
from bot.pack_charts import Column, Panel

INCH = 100
PANEL_ROWS, PANEL_COLUMNS = 3, 2
FEWEST_COLUMNS = 5
"""There is room for so many bars at least: one alone would be a wall."""


def panels(title: str, panels: Sequence[Panel]) -> bytes:
    """Small multiples: one metric each, on a scale of its own."""
    figure = _figure(960, 900)
    figure.text(0.04, 0.962, title, fontsize=24, fontweight="bold", color=INK, va="center")
    figure.text(0.96, 0.018, "dashed: target   hollow: not final yet", fontsize=13, color=SOFT, ha="right", va="center")
    for place, panel in enumerate(panels[: PANEL_ROWS * PANEL_COLUMNS]):
        row, column = divmod(place, PANEL_COLUMNS)
        axes = figure.add_axes((0.07 + 0.48 * column, 0.67 - 0.305 * row, 0.42, 0.16))
        _panel(axes, panel)
    return _png(figure)


def _panel(axes: Axes, panel: Panel) -> None:
    axes.text(0, 1.28, panel.name, transform=axes.transAxes, fontsize=16, color=INK, va="bottom")
    axes.text(
        1, 1.28, panel.now, transform=axes.transAxes, fontsize=18, fontweight="bold", color=INK, ha="right", va="bottom"
    )
    axes.set_ylim(0, panel.top)
    axes.set_xlim(-0.4, max(len(panel.labels) - 0.6, 0.6))
    if panel.target is not None:
        axes.axhline(panel.target, color=ORANGE, linewidth=2, linestyle=(0, (4, 3)))
    known = [(at, value) for at, value in enumerate(panel.values) if value is not None]
    if known:
        axes.plot(*zip(*known, strict=True), color=BLUE, linewidth=3)
    for at, value in known:
        face = GROUND if panel.hollow[at] else BLUE
        axes.plot(
            [at],
            [min(value, panel.top)],
            "o",
            markersize=11,
            markerfacecolor=face,
            markeredgecolor=BLUE,
            markeredgewidth=3,
            clip_on=False,  # a whole point also at 0 and at 100 %
        )
    axes.set_xticks(range(len(panel.labels)), list(panel.labels), fontsize=12, color=SOFT)
    _bare(axes)


def columns(title: str, columns: Sequence[Column]) -> bytes:
    """Bars from 0 to 1, each with its interval and what it counts."""
    figure = _figure(960, 420)
    figure.text(0.04, 0.91, title, fontsize=20, fontweight="bold", color=INK, va="center")
    axes = figure.add_axes((0.05, 0.17, 0.9, 0.58))
    axes.set_ylim(0, 1)
    axes.set_xlim(-0.6, max(len(columns), FEWEST_COLUMNS) - 0.4)
    for at, column in enumerate(columns):
        axes.bar([at], [column.value], width=0.62, color=BLUE)
        if column.high > column.low:
            axes.plot([at, at], [column.low, column.high], color=GREY, linewidth=3)
        above = min(max(column.value, column.high) + 0.03, 0.96)
        axes.text(at, above, f"{column.value:.0%}", ha="center", va="bottom", fontsize=15, fontweight="bold", color=INK)
        axes.text(at, -0.13, column.note, ha="center", va="top", fontsize=11, color=SOFT)
    axes.set_xticks(range(len(columns)), [column.label for column in columns], fontsize=13, color=INK)
    _bare(axes)
    return _png(figure)


def _figure(width: int, height: int) -> Figure:
    figure = Figure(figsize=(width / INCH, height / INCH), dpi=2 * INCH, facecolor=GROUND)
    FigureCanvasAgg(figure)
    return figure


def _bare(axes: Axes) -> None:
    axes.set_facecolor("none")
    axes.set_yticks([])
    axes.tick_params(length=0)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(TRACK)


def _png(figure: Figure) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
