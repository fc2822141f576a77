"""HTML pages from the templates of `ops/templates`. What comes from the data is escaped."""

from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ops.wording import percent

TEMPLATES = Path(__file__).with_name("templates")


def template(name: str) -> Template:
    """Return a template that escapes what it is given, and fails on what it is not given."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "percent": percent}
    return environment.get_template(name)


def _number(value: int | Decimal) -> str:
    return f"{int(value):,}"
