"""HTML pages from templates: all text is escaped and printable."""

from typing import Any

from overheard.cards import wording


def render_html(package: str, template: str, **content: Any) -> str:
    """Return a page of a Jinja template as text.

    All text is escaped and loses control, bidirectional and invisible characters
    (`wording.printable`). The filter ``line`` joins the lines of a text.

    Args:
        package: The package with the template, such as ``overheard.commands``.
        template: The name of the template's file.
        content: The template's variables.

    Raises:
        jinja2.TemplateNotFound: when the package has no such template.
        jinja2.UndefinedError: when the template uses a variable that is not given.
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
