"""A resident's browser without scripts: it keeps cookies, follows redirects and fills in forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.types import ASGIApp

ADDRESS = "https://join.example.org"
HOME = "203.0.113.9"  # where the visitor comes from
_VOID = {"meta", "link", "input", "br", "wbr", "img"}
_INLINE = {"a", "bdi", "span", "strong"}  # no gap between their words and those around


@dataclass(slots=True)
class Form:
    """A form as it stands on a page."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """An answer, read as a browser reads it. Raises when the HTML is not well formed."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.path = response.request.url.path
        self.html = response.text
        self.forms: list[Form] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.alerts = ""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._words: list[str] = []
        self.feed(self.html)
        assert not self._open, f"left open: {self._open}"
        self.text = " ".join("".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and what belongs to a form."""
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag not in _INLINE:
            self._words.append(" ")
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "input" and self.forms:
            self.forms[-1].fields.setdefault(given["name"], []).append(given["value"])
        if tag not in _VOID:
            self._open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        """Insist on the element that was opened last."""
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that closes itself."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Collect what a person reads."""
        if self._open and self._open[-1][0] in {"script", "style", "title"}:
            return
        self._words.append(data)
        if any(attributes.get("role") == "alert" for _, attributes in self._open):
            self.alerts += data

    def value(self, name: str) -> str:
        """What a field is filled in with."""
        return self.forms[0].fields[name][0]

    def described(self, name: str) -> str:
        """The words under a field that is marked as wrong."""
        attributes = next(each for tag, each in self.elements if each.get("id") == name)
        assert attributes.get("aria-invalid") == "true"
        assert f"{name}-error" in attributes["aria-describedby"]
        return self.html.partition(f'id="{name}-error">')[2].partition("<")[0]


class Visitor:
    """Somebody with a phone."""

    def __init__(self, app: ASGIApp, *, source: str = HOME, address: str = ADDRESS) -> None:
        transport = httpx.ASGITransport(app, client=(source, 50000))
        self.client = httpx.AsyncClient(transport=transport, base_url=address)

    async def open(self, path: str, **headers: str) -> Page:
        """Follow a link."""
        return Page(await self.client.get(path, headers=headers, follow_redirects=True))

    async def submit(self, page: Page, form: int = 0, /, **filled: Any) -> Page:
        """Press the button of a form, with these fields filled in."""
        return Page(await self.send(page, form, **filled))

    async def send(self, page: Page, form: int = 0, /, **filled: Any) -> httpx.Response:
        """The same, for tests that look at the answer itself."""
        chosen = page.forms[form]
        return await self.client.post(
            chosen.action,
            data={**chosen.fields, **filled},
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=True,
        )
