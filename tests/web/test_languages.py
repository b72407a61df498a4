"""The language of a page: the chosen one, the invitation's, the browser's, the community's."""

from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser
from sqlalchemy import update
from sqlmodel import Session, select

from bot.ports import Services
from bot.templating import Templates
from bot.web.visits import accepted
from storage.tables import Community, Invitation, Member
from tests.house.test_templates import NAMES, words_for
from tests.web.conftest import Clock, Invite
from tests.web.visitor import Page, Visitor

PAGES = [name for name in NAMES if name.startswith("web/") and name.endswith(".html")]
ROSA = {"name": "Rosa Díaz", "address": "Flat 4B", "contact": "rosa@example.net"}


def language(page: Page) -> str:
    """The language a page says it is in; its header says the same."""
    said = next(given["lang"] for tag, given in page.elements if tag == "html")
    assert page.response.headers["Content-Language"] == said
    return said


def choices(page: Page) -> dict[str, str]:
    """Where the foot of a page leads, by language."""
    links = [given for tag, given in page.elements if tag == "a" and "hreflang" in given]
    return {given["hreflang"]: given["href"] for given in links}


async def set_all(services: Services, table: type[Any], **values: str) -> None:
    """Set these of all rows."""

    def change(session: Session) -> None:
        session.execute(update(table).values(**values))

    await services.storage.write(change)


def speaks(visitor: Visitor, header: str) -> Visitor:
    """The visitor, with a browser that asks for these languages."""
    visitor.client.headers["Accept-Language"] = header
    return visitor


async def test_a_page_is_in_the_language_of_the_browser(visitor: Visitor) -> None:
    assert language(await visitor.open("/join")) == "en"
    page = await speaks(visitor, "de;q=0.9, fr-CA, en;q=0.3").open("/join")
    assert language(page) == "fr"
    assert "Saisissez votre code d’accès" in page.text


@pytest.mark.parametrize("path", ["/nowhere", "/j/nonsense", "/o/x", "/h/x"])
async def test_so_are_the_pages_of_what_goes_wrong(visitor: Visitor, path: str) -> None:
    page = await speaks(visitor, "es").open(path)
    assert page.status >= 400
    assert language(page) == "es"
    assert "Please" not in page.text
    assert "the" not in page.text.split()


async def test_what_is_chosen_goes_before_the_browser_and_is_kept(visitor: Visitor) -> None:
    page = await speaks(visitor, "fr").open("/join")
    assert choices(page) == {"en": "?lang=en", "es": "?lang=es"}
    page = await visitor.open("/join?lang=es")
    assert language(page) == "es"
    assert 'aria-current="true">español<' in page.html
    assert language(await visitor.open("/household/link")) == "es"
    assert language(await visitor.open("/household/link?lang=fr")) == "fr"
    assert language(await visitor.open("/nowhere")) == "fr"


async def test_a_choice_is_kept_even_when_the_page_leads_on(visitor: Visitor) -> None:
    page = await visitor.open("/household?lang=es")
    assert page.path == "/household/link"
    assert language(page) == "es"


@pytest.mark.parametrize(
    "typed", ["xx", "", "../..", "es\r\nSet-Cookie: a=b", "<script>", "e" * 4000]
)
async def test_what_is_no_language_of_ours_changes_nothing(visitor: Visitor, typed: str) -> None:
    page = await visitor.open(f"/join?lang={quote(typed)}")
    assert page.status == 200
    assert "porchlight-language" not in str(page.response.headers.raw)


async def test_an_invitation_in_spanish_leads_to_a_spanish_page(
    visitor: Visitor, invite: Invite, services: Services
) -> None:
    code = await invite()
    await set_all(services, Invitation, language="es")
    page = await speaks(visitor, "fr").open(f"/j/{code}")
    assert language(page) == "es"
    assert "Ana Ruiz les invita a usted y a su hogar." in page.text
    assert "Válido hasta el 3 de junio de 2026" in page.text
    assert language(await visitor.open(f"/j/{code}?lang=fr")) == "fr", "unless they choose"


async def test_the_communitys_language_is_for_browsers_that_say_nothing_we_speak(
    visitor: Visitor, invite: Invite, services: Services
) -> None:
    code = await invite()
    await set_all(services, Community, language="fr")
    assert language(await speaks(visitor, "de").open(f"/j/{code}")) == "fr"
    assert language(await speaks(visitor, "es").open(f"/j/{code}")) == "es"


async def test_the_words_of_a_community_keep_their_language(
    visitor: Visitor, invite: Invite, services: Services
) -> None:
    code = await invite()
    page = await visitor.open(f"/j/{code}?lang=es")
    assert ("p", {"lang": "en", "dir": "auto"}) in page.elements, "what a leader wrote"
    ours = "We look after each other here. Come and say hello."
    await set_all(services, Community, welcome=ours)
    page = await visitor.open(f"/j/{code}")
    assert "Aquí nos cuidamos mutuamente." in page.text


async def test_a_member_is_remembered_in_the_language_of_the_form(
    visitor: Visitor, invite: Invite, services: Services, clock: Clock
) -> None:
    page = await speaks(visitor, "es").open(f"/j/{await invite()}")
    page = await visitor.submit(page, **ROSA, others=["Tomás"])
    assert "¡Le damos la bienvenida, Rosa Díaz!" in page.text

    def tongues(session: Session) -> list[str]:
        return list(session.exec(select(Member.language)))

    assert await services.storage.read(tongues) == ["es", "es"]
    assert language(await speaks(visitor, "fr").open("/household")) == "es"
    clock.wait(days=29)
    assert language(await visitor.open("/welcome")) == "es"


async def test_what_is_wrong_in_a_form_is_said_in_its_language(
    visitor: Visitor, invite: Invite
) -> None:
    form = await speaks(visitor, "fr").open(f"/j/{await invite()}")
    page = await visitor.submit(form, name="", address="x" * 130, contact="rosa at home")
    assert page.status == 422
    assert language(page) == "fr"
    assert "Veuillez revoir ces points." in page.alerts
    assert "Il manque quelque chose\u202f: nom." in page.alerts
    assert "Trop long (adresse)\u202f: 120 caractères au plus." in page.alerts
    assert "Veuillez vérifier\u202f: " in page.alerts
    assert choices(page) == {}, "another language would be another, empty form"
    page = await visitor.submit(form, **ROSA | {"name": ""})
    assert "Veuillez revoir ce point." in page.alerts


async def test_an_opt_out_is_in_the_language_of_the_letter_too(visitor: Visitor) -> None:
    page = await speaks(visitor, "es").open("/o/nonsense")
    assert "Este enlace está incompleto." in page.text


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", []),
        ("es", ["es"]),
        ("en;q=0.5, es", ["es", "en"]),
        ("fr-CA,fr;q=0.8,*;q=0.5", ["fr-CA", "fr"]),
        ("es;q=0, en", ["en"]),
        ("es;q=2, fr;q=x, en;q=, ;;;, de;level=1;q=0.4", ["de"]),
        ("a, é, <b>, es-<b>", []),
        (",".join(["es"] * 5000), ["es"] * 20),
    ],
)
def test_a_browser_says_what_it_likes_best(header: str, found: list[str]) -> None:
    assert accepted(header) == found


@pytest.mark.browser
async def test_every_page_fits_a_narrow_phone_in_every_language(browser: Browser) -> None:
    screen = await browser.new_page(viewport={"width": 320, "height": 640})
    templates = Templates()
    for tag in templates.languages:
        for name in PAGES:
            words = words_for(name, brief=False)
            await screen.set_content(templates.render(name, language=tag, **words))
            wide = await screen.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, (tag, name)
