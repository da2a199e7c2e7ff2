"""The templates of the report's pages, set up in one way: everything escaped, nothing undefined."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Where the templates of cxlib/report/templates are read."""
    return Environment(
        loader=PackageLoader("cxlib.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
