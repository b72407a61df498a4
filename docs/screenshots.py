"""Takes the pictures of README anew: `python docs/screenshots.py`, with the tests' packages there.

The program runs as on a fresh clone, with a little life in it, and is photographed by Chromium.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import DESK, PHONE  # noqa: E402 - found only now
from tests.provision import browser as browsers  # noqa: E402
from tests.stories.people import Leader, is_welcomed, sign_up  # noqa: E402
from tests.stories.program import Program, free_port, running  # noqa: E402

_ROSTER = ROOT / "tests/data/roster.csv"
_JOIN = (
    ("zoe.davis2@", "Zoë Davis", "5 Elm Street"),
    ("hiroshi.garcia4@", "Hiroshi García", "9 Elm Street"),
    ("oneil.sharma7@", "O'Neil Sharma", "15 Elm Street"),
    ("omar.abebe8@", "Omar Abebe", "17 Elm Street"),
)
_BOUNCE = ("aisha.muller3@", "kwame.bianchi11@")
_PASS_SCALE = 0.9  # of 72 dots an inch: a page of 536 by 758 dots


async def _photograph(program: Program) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=browsers.find(playwright.chromium.executable_path),
            args=browsers.flags(),
        )
        page = await _open(browser, program.at("/"), size=DESK)
        await page.locator("#chat-log[aria-busy=false]").wait_for(state="attached")
        await _keep(page, "first-screen")
        await _tell(browser, Leader(page))
        await browser.close()


async def _tell(browser: Browser, leader: Leader) -> None:
    await leader.say("/passes 4 Elm Street")
    pdf = await leader.download(await leader.hears("Here are 4 access passes"))
    _draw(pdf)
    phone = await _open(browser, await leader.invite("luis@example.org"), size=PHONE)
    await _keep(phone, "sign-up")
    await sign_up(phone, name="Luis García", address="14 Elm Street", others="Mia García")
    await is_welcomed(phone, "Luis García")
    await leader.announced("Luis García").wait_for()
    await leader.invite("ana@example.org")
    reader = await leader.open_mail("ana@example.org")
    await reader.get_by_role("button", name="Deliver").click()
    await leader.receipt("ana@example.org").filter(has_text="delivered").wait_for()
    await _keep(leader.page, "playground")
    await _fill_up(browser, leader)


async def _fill_up(browser: Browser, leader: Leader) -> None:
    """A street that is invited from the roster, and how far it has come."""
    await leader.page.locator("#files").set_input_files(_ROSTER)
    await leader.say("")
    await leader.press("Add 180", of=await leader.hears("180 new"))
    await leader.hears("is on the roster")
    await leader.say("/coverage invite Elm Street")
    await leader.press("Send 29", of=await leader.hears("29 invitations"))
    await leader.hears("Inviting 29 people.")
    for to, name, address in _JOIN:
        phone = await _open(
            browser, await leader.mail_link(to, "Accept the invitation"), size=PHONE
        )
        await sign_up(phone, name=name, address=address)
        await is_welcomed(phone, name)
    for to in _BOUNCE:
        reader = await leader.open_mail(to)
        await reader.get_by_role("button", name="Bounce").click()
    receipt = leader.replies("29 invitations in several ways").first
    await receipt.filter(has_text=f"{len(_JOIN)} joined").wait_for()
    await receipt.filter(has_text=f"{len(_BOUNCE)} bounced").wait_for()
    await leader.say("/coverage")
    said = await leader.hears("180 addresses on the roster")
    (ROOT / "docs/coverage.png").write_bytes(await leader.download(said))


async def _open(browser: Browser, address: str, *, size: ViewportSize) -> Page:
    context = await browser.new_context(viewport=size)
    page = await context.new_page()
    await page.goto(address)
    return page


async def _keep(page: Page, name: str) -> None:
    await page.screenshot(path=ROOT / f"docs/{name}.png", animations="disabled")


def _draw(pdf: bytes) -> None:
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=_PASS_SCALE).to_pil()
    picture.quantize(64).save(ROOT / "docs/passes.png", optimize=True)
    document.close()


if __name__ == "__main__":
    with (
        TemporaryDirectory() as folder,
        running(Path(folder), port=free_port()) as started,
    ):
        asyncio.run(_photograph(started))
