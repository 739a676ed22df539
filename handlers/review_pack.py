"""The monthly pack as one page that needs nothing from outside: pictures are in it, and the template escapes every text."""

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from bot import pack_charts
from bot.figures import percent
from domain.loops.monthly import Pack
from domain.loops.sentences import cell_words, sentences, value_words
from domain.rules.deadlines import ClockKind
from domain.rules.feedback import band_words, month_words
from domain.rules.money import money
from domain.rules.reasons import label_of


def page(pack: Pack) -> str:
    """The HTML text. It draws three pictures: in a job, or in a command."""
    return _template().render(
        pack=pack,
        title=f"Quality review, {month_words(pack.month)}",
        sentences=sentences(pack),
        pictures=_pictures(pack),
        percent=percent,
        value_words=value_words,
        band_words=band_words,
        cell_words=cell_words,
        money=money,
        month_words=month_words,
        reason_words=label_of,
        clock_words=lambda key: ClockKind(key).words,
    )


def _pictures(pack: Pack) -> dict[str, str]:
    """As the base64 that stands in the page; what there is nothing to draw of is left out."""
    drawn = {
        "overview": pack_charts.overview(pack),
        "bands": pack_charts.bands(pack),
        "contentment": pack_charts.contentment(pack),
    }
    return {name: b64encode(picture).decode() for name, picture in drawn.items() if picture is not None}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("handlers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("review_pack.html")
