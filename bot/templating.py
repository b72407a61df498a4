"""The one Jinja environment: autoescaped, strict about undefined names, CSS inlined once at start.

Inlining the *source* of `body.html` is safe under three rules, which the house tests check:
control flow only around whole elements and never between table rows; no quotes inside an
expression in an attribute; no <, > or & inside an expression.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

_PACKAGED = Path(__file__).parent / "_templates"
_CHECKOUT = Path(__file__).parent.parent / "templates"
TEMPLATES = _PACKAGED if _PACKAGED.exists() else _CHECKOUT


class _InliningLoader(FileSystemLoader):
    """Loads templates from files; `email/*/body.html` come with their CSS inlined."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if template.startswith("email/") and template.endswith("body.html"):
            source = _inlined(source, template)
        return source, path, fresh


def _inlined(source: str, name: str) -> str:
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
    inlined = inliner.inline(source)
    for mark in ("{{", "{%"):
        if source.count(mark) != inlined.count(mark):
            raise TemplateNotFound(f"{name}: inlining its CSS damaged a {mark} expression")
    return inlined


class Templates:
    """Renders words for residents."""

    def __init__(self, root: Path = TEMPLATES) -> None:
        loader: BaseLoader = _InliningLoader(root)
        self.root = root
        self.environment = Environment(
            loader=loader,
            autoescape=lambda name: name is None or name.endswith(".html"),  # noqa: S701 - words.txt
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )

    def render(self, name: str, /, **words: Any) -> str:
        """Render one template, e.g. `email/invitation/body.txt`."""
        return self.environment.get_template(name).render(**words)
