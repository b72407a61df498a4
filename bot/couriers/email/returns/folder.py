"""One mail folder over IMAP, as far as it is needed to read what is new. It blocks: for threads.

Source: RFC 3501 (IMAP), RFC 4616 (how a password is given).
"""

import imaplib
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.couriers.email.returns.settings import ReturnSettings

_PORTS = {"tls": 993, "starttls": 143, "none": 143}  # RFC 8314
_READ = 65_536  # bytes of a message; what a report says stands at its beginning


class NotLetIn(Exception):
    """The mailbox for returned mail cannot be opened; look at the IMAP settings."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words  # for the operator


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder."""

    imap: imaplib.IMAP4
    validity: str  # while it is the same, so are the messages' ids

    def unread(self, *, after: int) -> list[int]:
        """The ids of unread messages beyond this one, oldest first.

        Raises: IMAP4.error, OSError; the others, too.
        """
        self.imap.noop()  # only then need a server say what has come since the folder was opened
        found = self._say("SEARCH", "UNSEEN", "UID", f"{after + 1}:*")
        ids = sorted(int(each) for line in found if line for each in line.split())
        return [each for each in ids if each > after]  # of none, "*" gives the last one

    def read(self, message: int) -> bytes:
        """The beginning of a message, which stays unread; empty when somebody has removed it."""
        found = self._say("FETCH", str(message), f"(BODY.PEEK[]<0.{_READ}>)")
        return next((part[1] for part in found if isinstance(part, tuple)), b"")

    def mark_read(self, messages: Iterable[int]) -> None:
        """Mark messages as read."""
        if ids := ",".join(map(str, messages)):
            self._say("STORE", ids, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Take leave."""
        with suppress(imaplib.IMAP4.error, OSError):
            self.imap.logout()
        _hang_up(self.imap)

    def _say(self, *command: str) -> list[Any]:
        kind, found = self.imap.uid(*command)
        if kind != "OK":
            raise imaplib.IMAP4.error(f"{command[0]} was refused")
        return found


def open_folder(settings: ReturnSettings, *, answer_within: float) -> Folder:
    """Log in and open the folder. Raises: NotLetIn, IMAP4.error, OSError."""
    trust = ssl.create_default_context(cafile=settings.imap_ca_file or None)
    try:
        imap = _connect(settings, trust, answer_within)
        try:
            return _opened(imap, settings, trust)
        except BaseException:
            _hang_up(imap)
            raise
    except ssl.SSLCertVerificationError:
        words = f"{settings.imap_host} could not prove who it is: see IMAP_CA_FILE."
        raise NotLetIn(words) from None


def _connect(settings: ReturnSettings, trust: ssl.SSLContext, within: float) -> imaplib.IMAP4:
    host, port = settings.imap_host, settings.imap_port or _PORTS[settings.imap_tls]
    if settings.imap_tls == "tls":
        return imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=within)
    return imaplib.IMAP4(host, port, timeout=within)


def _opened(imap: imaplib.IMAP4, settings: ReturnSettings, trust: ssl.SSLContext) -> Folder:
    if settings.imap_tls == "starttls":
        if "STARTTLS" not in imap.capabilities:
            raise NotLetIn(f"{settings.imap_host} does not offer STARTTLS: see IMAP_TLS.")
        imap.starttls(trust)
    _log_in(imap, settings)
    kind, _ = imap.select(f'"{settings.imap_folder}"')
    if kind != "OK":
        raise NotLetIn(f"There is no folder {settings.imap_folder}: see IMAP_FOLDER.")
    _, validity = imap.response("UIDVALIDITY")
    return Folder(imap, str(validity))


def _log_in(imap: imaplib.IMAP4, settings: ReturnSettings) -> None:
    user, password = settings.imap_user, settings.imap_password.get_secret_value()
    try:
        if "AUTH=PLAIN" in imap.capabilities:
            imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            imap.login(_quoted(user), password)
    except (imaplib.IMAP4.abort, OSError):
        raise
    except (imaplib.IMAP4.error, UnicodeEncodeError):
        raise NotLetIn("The login was refused: see IMAP_USER and IMAP_PASSWORD.") from None


def _quoted(text: str) -> str:
    """imaplib does this for the password alone."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _hang_up(imap: imaplib.IMAP4) -> None:
    with suppress(OSError):  # it is closed already
        imap.shutdown()
