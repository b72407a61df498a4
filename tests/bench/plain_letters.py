"""The least that sends the same letters: a loop over `aiosmtplib`, with no memory of any of it.

`python tests/bench/plain_letters.py PORT COUNT CONNECTIONS`: the same templates and the same bytes
on the wire as Porchlight's, and as many connections. Nothing is stored, so nothing would survive
a crash, be retried or be shown to anybody.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiosmtplib import SMTP

from bot.community import codes, letters, tokens
from bot.couriers.email import compose
from bot.couriers.email.mime import Mailbox
from bot.messages import Letter
from bot.settings import Keys
from bot.templating import Templates

SENDER = Mailbox("Maple Court", "invites@maple-court.example")
ADDRESS = "http://127.0.0.1:8080"
KEYS = Keys.from_secret(b"a secret of the benchmarks alone")
FACTS: dict[str, Any] = {
    "address": ADDRESS,
    "community": "Maple Court",
    "slug": "maple-court",
    "colour": "#0b4f58",
    "on_colour": letters.on_colour("#0b4f58"),
    "postal": "",
    "language": "en",
    "welcome": "We look after each other here. Come and say hello.",
    "features": [
        "News from the neighbours, in one place",
        "Events, and who brings what",
        "Things to lend, borrow and give away",
        "Somebody to ask when you need a hand",
    ],
    "invited_by": "Robin Vale",
    "type_at": letters.type_at(ADDRESS),
    "valid_until": "31 December 2026",
}


def letter(templates: Templates, number: int) -> Letter:
    """The letter of one invitation."""
    code = codes.derive(KEYS, number, 0)
    link = codes.link(ADDRESS, code)
    opt_out = f"{ADDRESS}/o/{tokens.sign(KEYS, 'optout', number)}"
    words = {**FACTS, "code": codes.grouped(code), "link": link, "opt_out": opt_out}
    now = datetime.now(UTC)
    return Letter(
        delivery_id=number,
        medium="email",
        event="invitation",
        to=f"plain.{number}@example.org",
        subject=templates.render("email/invitation/subject.txt", **words).strip(),
        text=templates.render("email/invitation/body.txt", **words),
        html=templates.render("email/invitation/body.html", **words),
        sender_name="Robin Vale via Maple Court",
        link=link,
        proof=code,
        opt_out=opt_out,
        message_id=f"<inv.{number}@maple-court.example>",
        replies_to="",
        date=now,
        community="maple-court",
        written_at=now,
        tag="h-x3f9k2m4qa",
    )


async def main() -> None:
    """Send them all; print when it began and how much CPU it took."""
    port, count, connections = map(int, sys.argv[1:])
    templates = Templates()
    compose(letter(templates, 0), SENDER)  # as in a server that has been up for a while
    began, used = time.monotonic(), time.process_time()
    numbers = iter(range(1, count + 1))

    async def carry() -> None:
        smtp = SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await smtp.connect()
        for number in numbers:
            made = letter(templates, number)
            await smtp.mail(SENDER.address)
            await smtp.rcpt(made.to)
            await smtp.data(compose(made, SENDER))
        await smtp.quit()

    await asyncio.gather(*(carry() for _ in range(connections)))
    print(json.dumps({"began": began, "cpu": time.process_time() - used}))


if __name__ == "__main__":
    asyncio.run(main())
