"""Who acts in the stories: a leader at the playground, and residents with their phones.

They do what people do - read, press, type - and find things by their words, so a story fails when a
person would be lost.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

expect.set_options(timeout=15_000)  # milliseconds; a busy machine is no fault

_SAID = "#chat-log article.leader"
_ANSWERS = f"{_SAID}:not(:has(~ article.leader)) ~ article.bot"  # to what was said last


@dataclass(frozen=True, slots=True)
class Leader:
    """Robin Vale at the playground's page."""

    page: Page

    async def say(self, words: str) -> None:
        """Put words into the composer, press Enter, and wait for the reply."""
        await self.page.get_by_label("Message to Porchlight").fill(words)
        async with self._answered():
            await self.page.keyboard.press("Enter")

    async def press(self, button: str, *, of: Locator) -> None:
        """Press a message's button and wait for the reply."""
        async with self._answered():
            await of.get_by_role("button", name=button, exact=True).click()

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        said = self.page.locator(_SAID)
        before = await said.count()
        yield
        await expect(said).to_have_count(before + 1)
        await expect(self.page.locator(_ANSWERS).first).to_be_visible()
        await expect(self.page.locator("#chat-log article").last).to_be_in_viewport()

    def replies(self, words: str | re.Pattern[str]) -> Locator:
        """The bot's messages in the leader's chat that have these words."""
        return self.page.locator("#chat-log article.bot").filter(has_text=words)

    def receipt(self, who: str) -> Locator:
        """The message that shows how the invitation of somebody fares."""
        return self.replies(f"{who}: ").first

    async def hears(self, words: str | re.Pattern[str]) -> Locator:
        """Wait for the bot to answer this to what was said last; give the message."""
        message = self.page.locator(_ANSWERS).filter(has_text=words).last
        await expect(message).to_be_visible()
        return message

    async def download(self, message: Locator) -> bytes:
        """The file that hangs on a message."""
        async with self.page.expect_download() as started:
            await message.locator("a.file").click()
        return (await (await started.value).path()).read_bytes()

    def announced(self, words: str) -> Locator:
        """What everybody reads in the channel."""
        return self.page.locator("#channel-log article").filter(has_text=words)

    async def open_mail(self, to: str) -> Locator:
        """Open the newest e-mail to somebody. Gives the reader."""
        await self.page.get_by_role("tab", name="Mail").click()
        back = self.page.get_by_role("button", name="All mail")
        if await back.is_visible():
            await back.click()
        await self.page.locator("#mail-list button").filter(has_text=to).first.click()
        return self.page.locator("#reader")

    async def mail_link(self, to: str, words: str) -> str:
        """Where a link in the newest e-mail to somebody leads."""
        await self.open_mail(to)
        letter = self.page.frame_locator("#body iframe")
        return await address_of(letter.get_by_role("link", name=words).first)

    async def open_text(self, to: str) -> Locator:
        """Find the newest text to a number on the Phone pane."""
        await self.page.get_by_role("tab", name="Phone").click()
        return self.page.locator("#phone-list article").filter(has_text=to).first

    async def invite(self, address: str) -> str:
        """Invite by e-mail. Gives the link of the letter."""
        await self.say(f"/invite email {address}")
        await expect(self.receipt(address)).to_contain_text("has been sent")
        return await self.mail_link(address, "Accept the invitation")


async def address_of(link: Locator) -> str:
    """Where a link leads."""
    found = await link.get_attribute("href")
    assert found
    return found


async def sign_up(
    page: Page, *, name: str, address: str, contact: str | None = None, others: str = ""
) -> None:
    """Fill in the sign-up form and send it off."""
    await page.get_by_label("Your name").fill(name)
    await page.get_by_label("Your address in").fill(address)
    if contact is not None:
        await page.get_by_label("Your e-mail or phone number").fill(contact)
    if others:
        await page.get_by_text("Who else lives with you?").click()
        await page.get_by_label("Name of one more person").fill(others)
    await page.get_by_role("button", name="Join").click()


async def is_welcomed(page: Page, name: str) -> None:
    """Wait for the page that welcomes the new member."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Welcome, {name}!")


async def scrolls_sideways(page: Page) -> bool:
    """Whether something is wider than the screen."""
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide
