"""Next steps: what a card says of an invitation's state, and the buttons that lead on from it.

Every way on keeps the access code. A state that is not in the tables has no way on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.community import labels
from bot.community.labels import Label
from bot.messages import Button, Style
from storage.invitations import Standing

NO_WORD_AFTER = timedelta(days=1)  # carriers that confirm at all do so within hours
_NOUN = {"email": "e-mail", "text": "text", "hand": "text"}


@dataclass(frozen=True, slots=True)
class Step:
    """A button that says `/invites {word} {number}`."""

    label: str
    word: str
    style: Style = "plain"

    def first(self) -> "Step":
        """The same, as what to do before all else."""
        return Step(self.label, self.word, "primary")


RESEND = Step("Resend", "resend")
TRY_AGAIN = Step("Try again", "resend")
RENEW = Step("Renew", "resend")
FIX = Step("Fix the address", "fix")
FIX_NUMBER = Step("Fix the number", "fix")
BY_EMAIL = Step("Send by e-mail instead", "email")
FROM_MY_PHONE = Step("Send from my own phone", "hand")
SENT_IT = Step("I sent it", "sent")
ON_A_PASS = Step("On a pass", "pass")
PRINT_AGAIN = Step("Print it again", "pass")
ANOTHER_WAY = Step("Send another way", "other")
VOID = Step("Void", "void", "danger")
REOPEN = Step("Take back the void", "reopen")

_ANYHOW: Mapping[Label, tuple[Step, ...]] = {
    "void": (REOPEN,),
    "opted out": (ON_A_PASS.first(), VOID),
    "checking": (VOID,),
    "waiting": (VOID,),
}
_BY_EMAIL: Mapping[Label, tuple[Step, ...]] = {
    "queued": (FIX, VOID),
    "sent": (RESEND, FIX, ANOTHER_WAY, VOID),
    "delivered": (RESEND, ANOTHER_WAY, VOID),
    "bounced": (FIX.first(), TRY_AGAIN, ANOTHER_WAY, VOID),
    "failed": (TRY_AGAIN.first(), FIX, ANOTHER_WAY, VOID),
    "expired": (RENEW.first(), ANOTHER_WAY),
}
_BY_TEXT: Mapping[Label, tuple[Step, ...]] = {
    "queued": (FIX_NUMBER, VOID),
    "sent": (RESEND, FIX_NUMBER, ANOTHER_WAY, VOID),
    "delivered": (RESEND, ANOTHER_WAY, VOID),
    "bounced": (FIX_NUMBER.first(), BY_EMAIL, ANOTHER_WAY, VOID),
    "failed": (BY_EMAIL.first(), TRY_AGAIN, FIX_NUMBER, ANOTHER_WAY, VOID),
    "opted out": (ON_A_PASS.first(), BY_EMAIL, VOID),
    "expired": (RENEW.first(), ANOTHER_WAY),
}
# Sending again is sending by hand again; nothing of ours resends it.
_BY_HAND: Mapping[Label, tuple[Step, ...]] = {
    "to send by hand": (FROM_MY_PHONE.first(), SENT_IT, FIX_NUMBER, ANOTHER_WAY, VOID),
    "sent": (FROM_MY_PHONE, FIX_NUMBER, ANOTHER_WAY, VOID),
    "expired": (FROM_MY_PHONE.first(), ANOTHER_WAY),
}
_ON_PAPER: Mapping[Label, tuple[Step, ...]] = {
    "printed": (ANOTHER_WAY, VOID),
    "expired": (PRINT_AGAIN.first(), ANOTHER_WAY),
}
_BY_MEDIUM = {"email": _BY_EMAIL, "text": _BY_TEXT, "hand": _BY_HAND, "pass": _ON_PAPER}


def buttons(standing: Standing, state: Label, *, is_barred: bool = False) -> tuple[Button, ...]:
    """What can be done about an invitation that stands so, the likeliest first.

    Takes: is_barred, whether its address must be mended before anything is sent to it.
    """
    row = standing.invitation
    if state == "joined":
        return ()
    if state == "expired":
        state = _why_expired(standing)
    on = _BY_MEDIUM[row.medium]
    steps = on.get(state) or _ANYHOW.get(state) or (ANOTHER_WAY, VOID)
    if row.contact is None and row.medium != "pass" and state != "void":
        steps = (ANOTHER_WAY,)  # its address was erased
    open_ways = [step for step in steps if not (is_barred and step.word == "resend")]
    return tuple(Button(s.label, f"/invites {s.word} {row.id}", s.style) for s in open_ways)


def _why_expired(standing: Standing) -> Label:
    """An invitation that never arrived is mended before it is renewed."""
    state = labels.of_state(standing.delivery.state) if standing.delivery else "expired"
    return state if state in labels.TROUBLE else "expired"


def sentence(standing: Standing, state: Label, *, waits: bool = False, now: datetime) -> str:
    """How it stands, in words that go on after the name and a colon.

    Takes: waits, whether the reason why it has not left is said elsewhere.
    """
    medium = standing.invitation.medium
    noun = _NOUN.get(medium, "pass")
    match state:
        case "queued" if waits:
            return f"the {noun} has not left yet."
        case "queued":
            return f"the {noun} is queued and goes out shortly."
        case "checking":
            return "we lost the connection while sending and are checking whether it went out."
        case "waiting":
            return f"the {noun} has not been taken yet; still trying."
        case "to send by hand":
            return "waits for you to send it from your phone."
        case "sent":
            return _sent(standing, medium, noun, now=now)
        case "delivered":
            return f"the {noun} has been delivered. Not joined yet."
        case "bounced" | "failed":
            return f"the {noun} did not arrive."
        case "opted out":
            return "does not want to be written to."
        case "void":
            return "the invitation is void; its code no longer works."
        case "expired" if medium == "pass":
            return "the code has expired. Printing it again makes it work again."
        case "expired":
            return "the code has expired. Renewing makes it work again."
        case "printed":
            return "printed, not used yet."
        case _:
            return f"{state}."


def _sent(standing: Standing, medium: str, noun: str, *, now: datetime) -> str:
    if medium == "hand":
        return "sent by hand."  # by whom stands below
    sent_at = standing.delivery.updated_at if standing.delivery else now
    if now - sent_at < NO_WORD_AFTER:
        return f"the {noun} has been sent. No word yet that it arrived."
    if medium == "text":
        return (
            f"the text was sent on {labels.day(sent_at)}. This carrier does not confirm delivery."
        )
    return (
        f"the e-mail was sent on {labels.day(sent_at)} and has not come back. "
        "Most mail servers say no more than that."
    )
