"""Coverage and billing, in every chat: the numbers and the picture, who is where, and inviting."""

from tests.chats.contract.people import Handed, Person, read

ROSTER = Handed(
    "list.csv",
    "Address,Name,E-mail,Phone,Language\n"
    "3 Elm Street,Ana Ruiz,ana@example.org,,es\n"
    "5 Elm Street,Bo Lin,bo@example.org,,\n"
    "7 Elm Street,Cy Ott,,,\n"
    "1 Río Grande Drive,王芳,wang@example.org,,\n".encode(),
)


async def test_streets_are_seen_and_invited(leader: Person) -> None:
    assert "There is no roster yet" in await leader.say("/coverage")
    await leader.drop(ROSTER)
    await leader.press("Add 4")
    said = await leader.say("/coverage")
    assert "4 addresses on the roster of Maple Court:" in said
    assert "Elm Street: 0 of 3 joined, 3 never invited" in said
    [picture] = await leader.files()
    assert picture.content.startswith(b"\x89PNG")
    said = await leader.say("/coverage elm stret")
    assert "○ 7 Elm Street: Cy Ott, never invited; neither e-mail nor number" in said
    said = await leader.press("Invite the 2 never invited")
    assert "✓ 3 Elm Street: Ana Ruiz, ana@example.org in Spanish" in said
    assert "Nothing is sent until you press Send." in said
    assert "Inviting 2 people" in await leader.press("Send 2")
    await read(leader.shown, "2 of 2 sent")
    said = await leader.say("/coverage elm street")
    assert "Elm Street: 0 of 3 joined, 2 invited, 1 never invited" in said
    assert "There is nobody in Elm Street whom I can invite" in await leader.say(
        "/coverage invite elm street"
    )


async def test_who_is_missing_is_listed_and_paper_offered(leader: Person) -> None:
    await leader.drop(ROSTER)
    await leader.press("Add 4")
    await leader.say("/coverage")
    assert "4 addresses where nobody has joined:" in await leader.press("Show who is missing")
    await leader.say("/coverage")
    said = await leader.press("Print 1 pass")
    assert "Here is 1 access pass “Without e-mail or number”" in said
    assert "no street or building like “Birch”" in await leader.say("/coverage Birch")


async def test_households_are_counted_by_month(leader: Person, stranger: Person) -> None:
    assert "0 registered households in Maple Court" in await leader.say("/billing")
    await leader.press("Export")
    [table] = await leader.files()
    assert table.name == "maple-court-billing.csv"
    assert b'"0","0","so far"' in table.content
    assert "I can count the registered households" in await leader.say("/billing tomorrow")
    assert leader.name in await stranger.say("/billing")
    assert leader.name in await stranger.say("/coverage")
