"""Real mail: what Postfix reports of each letter is read in the leader's chat, in plain words.

Postfix takes the letters and keeps the mailbox that its own reports come to; behind it stand next
servers that take, refuse or put off letters. All of it runs on this computer.
"""

import json
import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from tests.couriers import mails
from tests.provision import mailserver
from tests.provision.mailserver import MailServer
from tests.stories.program import ROOT, Program, free_port, running, wait_for

BACK = "bounces@mail.example.org"
LENA = "lena@resident.example.org"
NOBODY = "nobody@resident.example.org"
NEXT = {  # servers behind ours, by what they do with a letter
    "takes.example.org": "",
    "gone.example.org": "RCPT 550 5.1.1 There is nobody of that name",
    "slow.example.org": "RCPT 451 4.7.1 Greylisted, try again later",
}

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Post:
    """Porchlight, and the mail server that carries its letters."""

    program: Program
    server: MailServer
    next: Path  # where the servers behind it keep what they take, each in its folder

    def invite(self, address: str) -> None:
        """Have the leader invite somebody by e-mail."""
        assert "Inviting" in self.program.say(f"/invite email {address}")

    def card(self, address: str, words: str) -> str:
        """What the leader's chat shows of this invitation, once it has these words."""

        def found() -> str | None:
            shown = httpx.get(self.program.at("/playground/messages")).raise_for_status().json()
            texts = (message["text"] for message in shown if f" {address}: " in message["text"])
            return next((text for text in texts if words in text), None)

        return wait_for(found)

    def logged(self, event: str) -> None:
        """Wait until Porchlight has noted this."""
        wait_for(lambda: f'"event": "{event}"' in self.program.log.read_text())

    def taken(self, address: str) -> tuple[str, bytes]:
        """The letter that a next server took for somebody: its sender, and as it came."""
        _, _, domain = address.partition("@")
        for path in self.next.glob(f"{domain}/*.json"):
            envelope = json.loads(path.read_text())
            if envelope["recipients"] == [address]:
                return envelope["sender"], path.with_suffix(".eml").read_bytes()
        raise AssertionError(f"nothing was taken for {address}")

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Send a mail to our own server, as anybody can."""
        with smtplib.SMTP("127.0.0.1", self.server.port) as line:
            line.sendmail(sender, [to], content)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Porchlight beside a Postfix of its own."""
    if not mailserver.is_there():
        pytest.skip(mailserver.NONE)
    folder = tmp_path_factory.mktemp("post")
    with ExitStack() as all_of_it:
        upstream = {
            domain: all_of_it.enter_context(
                standin("smtp", "--folder", str(folder / domain), "--fault", fault)
            )
            for domain, fault in NEXT.items()
        }
        server = all_of_it.enter_context(
            mailserver.running(
                free_port(), mailboxes=(BACK, LENA), upstream=upstream, refused=NOBODY
            )
        )
        imap = all_of_it.enter_context(standin("imap", "--maildir", str(server.mailbox(BACK))))
        set_up(folder, server.port, imap)
        program = all_of_it.enter_context(running(folder, port=free_port()))
        yield Post(program, server, folder)


@contextmanager
def standin(name: str, *options: str) -> Iterator[int]:
    """Run a stand-in as a process. Gives its port."""
    command = [sys.executable, "-m", f"tests.standins.{name}", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def set_up(folder: Path, smtp_port: int, imap_port: int) -> None:
    """What an operator writes for a mail server of their own."""
    settings = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": smtp_port,
        "SMTP_TLS": "none",
        "SMTP_SENDER": "Maple Court <invites@mail.example.org>",
        "SMTP_RETURN_PATH": BACK,
        "IMAP_HOST": "127.0.0.1",
        "IMAP_PORT": imap_port,
        "IMAP_TLS": "none",
        "IMAP_USER": "bounces",
        "IMAP_PASSWORD": "secret",
        "IMAP_EVERY": 0.5,
    }
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (folder / ".env").write_text("".join(lines))


def test_a_letter_that_arrives_is_shown_as_delivered(post: Post) -> None:
    post.invite(LENA)
    card = post.card(LENA, "has been delivered. Not joined yet.")
    assert "mail server" not in card


def test_a_letter_that_is_passed_on_is_not_said_to_be_more(post: Post) -> None:
    post.invite("ana@takes.example.org")
    card = post.card("ana@takes.example.org", "has been delivered. Not joined yet.")
    assert "It was passed on to the next mail server, which reports nothing more." in card


def test_who_is_refused_at_once_is_shown_at_once(post: Post) -> None:
    post.invite(NOBODY)
    card = post.card(NOBODY, "did not arrive")
    assert "There is no mailbox with that address. Check the spelling." in card


def test_who_is_refused_later_is_shown_in_the_same_words(post: Post) -> None:
    post.invite("leo@gone.example.org")
    card = post.card("leo@gone.example.org", "did not arrive")
    assert "There is no mailbox with that address. Check the spelling." in card


def test_a_forged_report_changes_nothing(post: Post) -> None:
    address = "mia@takes.example.org"
    post.invite(address)
    before = post.card(address, "has been delivered")
    sender, _ = post.taken(address)
    forged = re.sub(r"-\w{10}@", "-aaaaaaaaaa@", sender)
    assert forged != sender
    written = mails.report(came_to=forged, envelope_id="")
    _, _, content = written.split(b"\r\n", 2)  # its first two lines, a server writes itself
    post.send("", forged, content)
    post.logged("returns.no_such_letter")
    assert post.card(address, "") == before


def test_a_mail_that_asks_us_to_stop_is_heeded(post: Post) -> None:
    address = "kim@takes.example.org"
    post.invite(address)
    post.card(address, "has been delivered")
    _, letter = post.taken(address)
    asked = re.search(rb"^List-Unsubscribe: <http[^>]+>, <mailto:([^>]+)>\r$", letter, re.M)
    assert asked
    post.send("kim@elsewhere.example.org", asked[1].decode(), b"Subject: unsubscribe\r\n\r\n")
    post.card(address, "does not want to be written to.")
    said = post.program.say(f"/invite email {address}")
    assert "asked not to be written to" in said


def test_a_complaint_is_heeded(post: Post) -> None:
    address = "ada@takes.example.org"
    post.invite(address)
    post.card(address, "has been delivered")
    _, letter = post.taken(address)
    found = message_from_bytes(letter)["Message-ID"]
    _, _, content = mails.complaint(message_id=found).split(b"\r\n", 2)
    post.send("loop@provider.example.org", BACK, content)
    assert "They marked it as spam." in post.card(address, "does not want to be written to.")


def test_who_puts_us_off_is_shown_as_waiting_and_in_the_end_as_failed(post: Post) -> None:
    address = "noa@slow.example.org"
    post.invite(address)
    waiting = post.card(address, "has not been taken yet; still trying.")
    assert "Their mail server asked us to wait" in waiting
    post.server.give_up_after("1s")
    failed = post.card(address, "did not arrive")
    assert "We kept trying for as long as mail servers do. You can resend it." in failed
