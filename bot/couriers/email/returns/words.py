"""What a mail server's status means, in words for the leader: the same at once and later.

Source: RFC 3463 (the status, such as 5.1.1) and RFC 5321, section 4.2 (the code before it: 550).
"""

import re

TELL = "Tell your administrator; the invitation is kept."
PASSED_ON = "It was passed on to the next mail server, which reports nothing more."
GAVE_UP = "We kept trying for as long as mail servers do. You can resend it."

_NO_MAILBOX = "There is no mailbox with that address. Check the spelling."
_NO_DOMAIN = "The part after @ does not take e-mail. Check the spelling."
_OFF = "That mailbox is switched off."
_FULL = "Their mailbox is full. You can resend in a few days."
_SILENT = "Their mail server is not answering; still trying."
_WAIT = "Their mail server asked us to wait; still trying."
_NO_STANDING = f"Their server does not trust our domain yet (SPF, DKIM or DMARC). {TELL}"
_REFUSED = "Their server refused the message. Try a text or hand over an Access Pass."
_TOO_BIG = f"The message was too big for their server. {TELL}"

# First match wins. The status is empty when the server gave none.
_BY_STATUS = (
    (r"5\.1\.[0136]", _NO_MAILBOX),
    (r"5\.1\.(2|10)|5\.4\.4", _NO_DOMAIN),
    (r"5\.2\.1", _OFF),
    (r"[45]\.2\.2", _FULL),
    (r"5\.(2\.3|3\.4)", _TOO_BIG),
    (r"5\.7\.(2\d|30)", _NO_STANDING),
    (r"5\.4\.7", GAVE_UP),
    (r"4\.[34]\.\d+", _SILENT),
    (r"4\.\d+\.\d+", _WAIT),
)
_BY_CODE = {550: _NO_MAILBOX, 551: _NO_MAILBOX, 552: _FULL, 553: _NO_MAILBOX}
_BLOCKED = re.compile(r"spam|block|blacklist|policy|reputation", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"5\.0\.0")  # "other": what stands around it says more


def of(status: str, *, code: int | None = None, text: str = "") -> str:
    """Say why a server would not take a letter, or not yet.

    Takes: the status, or ""; the code of three digits, if any; all that the server said.
    """
    for pattern, words in _BY_STATUS:
        if re.fullmatch(pattern, status):
            return words
    if status and not _SAYS_NOTHING.fullmatch(status):
        return _REFUSED
    if code is not None and code < 500:
        return _WAIT
    return _REFUSED if _BLOCKED.search(text) else _BY_CODE.get(code or 0, _REFUSED)


def given_up(status: str) -> str:
    """Say that a letter has not been taken in time; only a full mailbox is a reason by itself."""
    return _FULL if status.endswith(".2.2") else GAVE_UP
