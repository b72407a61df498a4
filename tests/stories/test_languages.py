"""In Spanish from the leader's word to the household's page; French at a press of a link."""

import re

from playwright.async_api import expect

from tests.stories.conftest import STORY, Visit
from tests.stories.people import Leader

pytestmark = STORY

ROSA = "rosa@example.org"
_LATER = 60_000  # milliseconds: the welcome is written when its page has been seen


async def test_somebody_invited_in_spanish_reads_spanish_all_the_way(
    leader: Leader, visit: Visit
) -> None:
    await leader.say(f"/invite email {ROSA} in Spanish")
    await leader.hears(f"Inviting {ROSA}")
    await expect(leader.receipt(ROSA)).to_contain_text("has been sent")
    reader = await leader.open_mail(ROSA)
    await expect(reader).to_contain_text("Robin Vale le invita a unirse a Maple Court")
    link = await leader.mail_link(ROSA, "Aceptar la invitación")

    phone = await visit(link)
    title = phone.get_by_role("heading", level=1)
    await expect(title).to_have_text("Unirse a Maple Court")
    await expect(phone.get_by_text("Aquí nos cuidamos mutuamente.")).to_be_visible()
    await phone.get_by_role("button", name="Unirse").click()  # nothing filled in: the browser stops
    await phone.get_by_label("Su nombre").fill("Rosa Díaz")
    await phone.get_by_label("Su dirección").fill("7 Elm Street")
    await phone.get_by_role("button", name="Unirse").click()
    await expect(title).to_have_text("¡Le damos la bienvenida, Rosa Díaz!")
    await expect(leader.receipt(ROSA)).to_contain_text(re.compile(r"joined at .* on \d"))

    await phone.get_by_role("link", name="français").click()
    await expect(title).to_have_text(re.compile("Bienvenue, Rosa Díaz"))
    await phone.get_by_role("link", name="Ajouter des personnes de mon foyer").click()
    await expect(title).to_have_text("Mon foyer")

    await leader.page.get_by_role("button", name="All mail").click()
    mails = leader.page.locator("#mail-list button")
    welcome = mails.filter(has_text="Le damos la bienvenida a Maple Court")
    await expect(welcome).to_be_visible(timeout=_LATER)
