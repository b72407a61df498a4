"""The Jinja environments, one for each language: autoescaped, strict about undefined names, CSS
inlined once at start.

The letters' `body.html` extend one frame. They are put into it before their CSS is inlined, which
needs the whole page. Inlining the *source* is safe under three rules, which the house tests check:
control flow only around whole elements and never between table rows; no quotes inside an
expression in an attribute; no <, > or & inside an expression.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    nodes,
)
from jinja2.ext import InternationalizationExtension
from markupsafe import Markup, escape

from bot.languages import SOURCE, Language, read_languages

_PACKAGED = Path(__file__).parent / "_templates"
_CHECKOUT = Path(__file__).parent.parent / "templates"
_FACT = re.compile(r"%\((\w+)\)s")
_FRAME = "email/frame.html"
_BLOCK = re.compile(r"{% block (\w+) %}(.*?){% endblock %}", re.DOTALL)
TEMPLATES = _PACKAGED if _PACKAGED.exists() else _CHECKOUT


class _InliningLoader(FileSystemLoader):
    """Loads templates from files; `email/*/body.html` come with their CSS inlined."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if template.startswith("email/") and template.endswith("body.html"):
            frame, _, _ = super().get_source(environment, _FRAME)
            source = _inlined(_framed(source, frame), template)
        return source, path, fresh


def _framed(source: str, frame: str) -> str:
    """The frame, with the blocks that this template defines, as Jinja would put them there."""
    for block, content in _BLOCK.findall(source):
        frame = frame.replace(f"{{% block {block} %}}{{% endblock %}}", content.strip())
    return frame


def _inlined(source: str, name: str) -> str:
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
    inlined = inliner.inline(source)
    for mark in ("{{", "{%"):
        if source.count(mark) != inlined.count(mark):
            raise TemplateNotFound(f"{name}: inlining its CSS damaged a {mark} expression")
    return inlined


class _InPlace(InternationalizationExtension):
    """Puts the words of `trans` in place when a template is compiled, once for each language.

    Looking them up whenever a letter is rendered would double what that costs.
    """

    def _make_node(
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        *more: Any,
    ) -> nodes.Output:
        if plural is not None or context is not None:
            return super()._make_node(singular, plural, context, variables, *more)
        language: Language = self.environment.language  # type: ignore[attr-defined]  # set below
        words = _FACT.split(language.translations.gettext(singular))
        parts: list[nodes.Expr] = [
            variables[part] if is_fact else nodes.TemplateData(part.replace("%%", "%"))
            for part, is_fact in zip(words, cycle((False, True)), strict=False)
        ]
        return nodes.Output(parts)


class Templates:
    """Renders words for residents, in the language of whoever reads them.

    Raises: Misconfigured, when a catalogue of translated words is broken.
    """

    def __init__(self, root: Path = TEMPLATES) -> None:
        loader = _InliningLoader(root)
        self.root = root
        self.languages = read_languages(root / "languages")
        self._environments = {
            tag: _environment(loader, language) for tag, language in self.languages.items()
        }

    def get(self, name: str, *, language: str = SOURCE) -> Template:
        """One template, e.g. `email/invitation/body.txt`; English where we lack the language."""
        ours = self._environments.get(language)
        if ours is None:
            ours = self._environments[self.languages.of(language).tag]
        return ours.get_template(name)

    def render(self, name: str, /, *, language: str = SOURCE, **words: Any) -> str:
        """Render one template."""
        return self.get(name, language=language).render(**words)

    def blocks(
        self, name: str, words: Mapping[str, Any], *, language: str, only: Iterable[str] = ()
    ) -> dict[str, str]:
        """The blocks of a template, all of them unless some are named, each rendered by itself."""
        template = self.get(name, language=language)
        context = template.new_context(dict(words))
        return {
            block: "".join(template.blocks[block](context)) for block in only or template.blocks
        }


def _environment(loader: BaseLoader, language: Language) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=lambda name: name is None or name.endswith(".html"),  # noqa: S701 - words.txt
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        extensions=[_InPlace],
    )
    translated: Any = environment  # with what its extension adds
    translated.language = language
    translated.install_gettext_translations(language.translations, newstyle=True)
    environment.policies["ext.i18n.trimmed"] = True  # where a line is broken says nothing
    environment.filters |= {"bdi": _bdi, "say": language.say, "long_date": language.long_date}
    environment.globals |= {"lang": language.tag, "dir": language.direction}
    return environment


def _bdi(name: str) -> Markup:
    """A name that keeps its own direction of writing amid other words."""
    return Markup(f"<bdi>{escape(name)}</bdi>")  # noqa: S704 - escaped
