"""HTML pages from templates: all text is escaped and printable."""

from __future__ import annotations

from typing import Any

from overheard.cards import wording


def render_html(package: str, template: str, **content: Any) -> str:
    """Return a page of a Jinja template.

    Args:
        package: The package with the template.
        template: The name of the template's file.
        content: The template's variables. Text loses control, bidirectional and invisible
            characters; the filter ``line`` joins its lines.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only a page needs it

    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: wording.printable(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["line"] = wording.line
    return environment.get_template(template).render(**content)
