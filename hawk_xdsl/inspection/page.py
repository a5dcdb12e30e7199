"""The report as one HTML file: template, style and scripts of ``page/`` around the document."""

import json
from dataclasses import asdict
from pathlib import Path

from hawk_xdsl.inspection.compare import NetworkComparison
from hawk_xdsl.inspection.document import NetworkDocument
from hawk_xdsl.inspection.layout import places_of

_FOLDER = Path(__file__).parent / "page"

SCRIPTS = ("dom.js", "colours.js", "graph.js", "roofline.js", "tiles.js", "tables.js", "detail.js")
"""In the order in which they are run; ``main.js`` is the last."""


def page_of(document: NetworkDocument, comparison: NetworkComparison | None = None) -> str:
    """The page; it needs no other file, no server and no network."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
    )
    data = {
        "document": document.json,
        "places": [
            asdict(place) for place in places_of([each.reads for each in document.launches])
        ],
        "comparison": None if comparison is None else comparison.json,
    }
    return environment.get_template("report.html.jinja").render(
        network=document.network,
        other=None if comparison is None else comparison.there,
        style=_text("report.css"),
        script="\n".join(map(_text, (*SCRIPTS, "main.js"))),
        data=_in_script(json.dumps(data, ensure_ascii=False, separators=(",", ":"))),
    )


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _in_script(text: str) -> str:
    """JSON that may stand in a script element: nothing in it ends the element."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
