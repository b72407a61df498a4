"""The card of a join request: who asks, what we know of that address, and what was decided.

Each leader has one in their own chat. It is drawn anew whenever something changes, so all show the
same; whoever has stepped down since reads no more of it.
"""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.community import contacts, labels, names
from bot.community.people import listed
from bot.messages import Button, Card
from storage import communities, deliveries, invitations, requests
from storage.tables import Delivery, JoinRequest, Leader, Receipt

_OF_LETTER = {  # what a leader reads of the letter that tells them, by its label
    "queued": "A letter tells them{when}.",
    "checking": "A letter tells them; we are finding out whether it left.",
    "waiting": "A letter tells them as soon as their server takes it.",
    "sent": "A letter has told them.",
    "delivered": "A letter has told them.",
    "opted out": "No letter tells them.",
}


def of_receipt(session: Session, receipt: Receipt) -> Card:
    """What this leader is shown."""
    leader = session.get_one(Leader, receipt.leader_id)
    assert receipt.join_request_id is not None
    row = requests.get(session, receipt.community_id, receipt.join_request_id)
    if row is None or leader.removed_at is not None:
        return Card("This was for the leaders to see.")
    return card(session, row)


def card(session: Session, row: JoinRequest) -> Card:
    """How the request stands."""
    if row.decided_at is not None:
        return _decided(session, row)
    number = row.id
    return Card(
        "\n".join([f"… {_head(row)}, asks to be let in.", *_facts(session, row)]),
        (
            Button("Approve", f"/requests approve {number}", "primary"),
            Button("Decline", f"/requests decline {number}"),
        ),
    )


def who(row: JoinRequest) -> str:
    """Rosa Delgado, 12 Elm Street."""
    return f"{row.name}, {row.address}" if row.name else "somebody whose words were erased"


def _head(row: JoinRequest) -> str:
    return f"Request #{row.id}: {who(row)}"


# While it is open


def _facts(session: Session, row: JoinRequest) -> Iterator[str]:
    if row.contact is not None:
        yield f"They can be reached at {contacts.known(row.medium, row.contact).in_full}."
    if row.words:
        yield f"“{row.words}”"
    if any(deliveries.has_left(letter.state) for letter in requests.letters_of(session, row.id)):
        yield "A letter has told them no already; approving it invites them all the same."
    key = names.address_key(row.address)
    yield _neighbours(session, row, key)
    yield from _on_roster(session, row, key)
    yield from _earlier(session, row)


def _neighbours(session: Session, row: JoinRequest, key: str) -> str:
    people = [mate.name for mate in requests.members_at(session, row.community_id, key)]
    if not people:
        return "Nobody at that address is a member yet."
    live = f"{listed(people)} {'lives' if len(people) == 1 else 'live'} there"
    if len(people) >= communities.get(session, row.community_id).household_limit:
        return f"{live}, as many as a household may have: nobody more can join at that address."
    return (
        f"{live}. Whoever joins at that address becomes their housemate, and {people[0]} is told."
    )


def _on_roster(session: Session, row: JoinRequest, key: str) -> Iterator[str]:
    found = requests.on_roster(session, row.community_id, key)
    if found is None:
        return
    if not found:
        yield "Your roster does not have that address."
    elif people := [entry.name for entry in found if entry.name]:
        yield f"Your roster has that address, for {listed(people)}."
    else:
        yield "Your roster has that address."


def _earlier(session: Session, row: JoinRequest) -> Iterator[str]:
    if (left := requests.left_at(session, row.community_id, row.contact_key)) is not None:
        yield f"Somebody with that contact was a member until {labels.day(left)}."
    if (old := requests.before(session, row)) is not None:
        answer = old.decision if old.leader_id is not None else "not answered"
        yield f"They asked before: request #{old.id}, {answer}."
    known = invitations.open_by_contact(session, row.community_id, [row.contact_key])
    for invited in known.values():
        leader = communities.leader_name(session, invited.leader_id)
        yield f"Invited already by {leader} on {labels.day(invited.created_at)}: #{invited.id}."


# Once it is decided


def by(session: Session, row: JoinRequest) -> str:
    """Who decided it."""
    if row.leader_id is None:
        return "Porchlight"
    return communities.leader_name(session, row.leader_id)


def when(session: Session, row: JoinRequest) -> str:
    """When it was decided, by the community's clock."""
    assert row.decided_at is not None
    at = row.decided_at.astimezone(_zone(session, row))
    return f"on {labels.day(at)} at {at:%H:%M}"


def _zone(session: Session, row: JoinRequest) -> ZoneInfo:
    return ZoneInfo(communities.get(session, row.community_id).timezone)


def _decided(session: Session, row: JoinRequest) -> Card:
    if row.decision == "closed":
        words = f"Nobody answered in time, so it was closed {when(session, row)}."
        return Card(f"– {_head(row)}. {words}")
    done = f"{by(session, row)} {row.decision} it {when(session, row)}."
    if row.decision == "approved":
        invited = requests.invitation_of(session, row.id)
        ways = (Button("Show the invitation", f"/invites {invited.id}"),) if invited else ()
        return Card(f"✓ {_head(row)}. {done}", ways)
    back = Button("Take back", f"/requests reopen {row.id}")
    told = "\n".join([f"– {_head(row)}. {done}", *_told(session, row)])
    return Card(told, (back,) if row.contact else ())


def _told(session: Session, row: JoinRequest) -> Iterator[str]:
    if row.reason:
        yield f"“{row.reason}”"
    letter = _newest(requests.letters_of(session, row.id), row)
    yield "No letter tells them." if letter is None else _letter(letter, _zone(session, row))


def _newest(letters: Sequence[Delivery], row: JoinRequest) -> Delivery | None:
    """The letter that tells of this decision; those of one that was taken back do not count."""
    since = row.decided_at
    return next((one for one in reversed(letters) if since and one.created_at >= since), None)


def _letter(letter: Delivery, zone: ZoneInfo) -> str:
    waits = not deliveries.has_left(letter.state) and letter.dated_at > letter.created_at
    at = f" at {letter.dated_at.astimezone(zone):%H:%M}, unless you take it back" if waits else ""
    words = _OF_LETTER.get(labels.of_state(letter.state), "The letter to them did not arrive.")
    return " ".join(filter(None, (words.format(when=at), letter.words)))
