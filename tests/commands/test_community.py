"""`/community` and `/announce`: each field has its door, and what was typed is kept."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from bot.ports import Services
from storage import communities
from storage.tables import ChatLink, Community, Invitation
from tests.community import scene
from tests.community.scene import say


async def community(services: Services) -> Community:
    """Maple Court as it is now."""
    return (await scene.all_of(services, Community))[0]


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("name  Birch\u202e Row ", "name", "Birch Row"),
        ("welcome Come in.", "welcome", "Come in."),
        ("welcome", "welcome", ""),
        ("features One\r\n\r\n- Two;• Three", "features", ["One", "Two", "Three"]),
        ("colour 7A1F3D", "colour", "#7a1f3d"),
        ("color #abc", "colour", "#aabbcc"),
        ("days 7", "code_days", 7),
        ("pass-days never", "pass_days", None),
        ("pass-days 365", "pass_days", 365),
        ("paper A4", "paper", "a4"),
        ("country es", "region", "ES"),
        ("timezone Europe/Madrid", "timezone", "Europe/Madrid"),
        ("postal 12 Elm Street, Springfield", "postal", "12 Elm Street, Springfield"),
        ("links Chat https://t.me/maple", "links", [["Chat", "https://t.me/maple"]]),
        ("links", "links", []),
        ("reminders on", "reminders", True),
        ("reminders OFF", "reminders", False),
        ("digest 7", "digest_hour", 7),
        ("digest 08:00", "digest_hour", 8),
        ("digest off", "digest_hour", None),
        ("digest", "digest_hour", None),
    ],
)
async def test_a_field_is_changed_by_its_word(
    services: Services, said: str, field: str, value: object
) -> None:
    reply = await say(services, f"/community {said}")
    assert [button.call for button in reply.buttons] == ["/community edit"]
    assert getattr(await community(services), field) == value


@pytest.mark.parametrize(
    "said",
    [
        "name",
        "name www.example.org",
        "name " + "x" * 61,
        "welcome " + "x" * 281,
        "welcome see https://example.org",
        "features " + "\n".join("abcdefghi"),
        "features " + "x" * 81,
        "colour teal",
        "colour #12345",
        "days 0",
        "days 91",
        "days ²",
        "pass-days 3651",
        "paper a5",
        "country XX",
        "timezone Mars/Olympus",
        "timezone ../../etc/passwd",
        "postal " + "x" * 161,
        "links https://t.me/maple",
        "links Chat http://t.me/maple",
        "links Chat javascript:alert(1)",
        'links Chat https://t.me/"><script>',
        "reminders maybe",
        "digest 24",
        "digest 8:30",
        "digest ²",
        "slug other",
        "id 7",
    ],
)
async def test_what_a_field_cannot_be_is_refused_and_nothing_changes(
    services: Services, said: str
) -> None:
    before = await community(services)
    reply = await say(services, f"/community {said}")
    assert "`/community edit`" in reply.text
    assert await community(services) == before


async def test_a_form_with_errors_keeps_what_was_typed(services: Services) -> None:
    reply = await say(
        services, "/community edit", name="Birch Row", days="7", code_days="100", colour="teal"
    )
    assert "Nothing was changed yet" in reply.text
    assert "1 to 90 days" in reply.text
    assert "colour" in reply.text
    assert reply.form is not None
    values = {field.name: field.value for field in reply.form.fields}
    assert (values["name"], values["code_days"], values["colour"]) == ("Birch Row", "100", "teal")
    assert (await community(services)).name == "Maple Court"
    values |= {"code_days": "14", "colour": "#123456"}
    assert (await say(services, "/community edit", **values)).text.startswith("Birch Row")
    assert (await community(services)).code_days == 14


async def test_an_unchanged_form_changes_nothing(services: Services) -> None:
    before = await community(services)
    form = (await say(services, "/community edit")).form
    assert form is not None
    await say(services, "/community edit", **{field.name: field.value for field in form.fields})
    assert await community(services) == before


async def test_the_neighbours_stay_as_they_are(services: Services) -> None:
    await scene.next_door(services)
    await scene.say_next_door(services, "/community name Cedar Hill")
    names = [row.name for row in await scene.all_of(services, Community)]
    assert names == ["Maple Court", "Cedar Hill"]
    assert "Robin" not in (await scene.say_next_door(services, "/community")).text


async def test_the_numbers_are_told(services: Services) -> None:
    await say(services, "/passes 3")
    (row, *_) = await scene.all_of(services, Invitation)
    await scene.redeem(services, scene.code_of(services, row), scene.sign_up(others=("Tomás",)))
    reply = await say(services, "/community")
    assert "1 household, 2 members, 2 open invitations. Leaders: Robin Vale." in reply.text


async def test_joins_are_announced_where_the_leader_says(services: Services) -> None:
    for said, channel in (("off", None), ("here", "leader"), ("HERE", "leader")):
        await say(services, f"/announce {said}")
        (link,) = await scene.all_of(services, ChatLink)
        assert link.announce_channel == channel
    await scene.next_door(services)
    await scene.say_next_door(services, "/announce off")
    assert (await scene.all_of(services, ChatLink))[0].announce_channel == "leader"


async def test_a_new_hour_or_zone_moves_what_is_planned(services: Services) -> None:
    def older(session: Session) -> None:
        communities.get(session, 1).created_at = scene.NOW - timedelta(days=9)

    await services.storage.write(older)
    for hour in (7, 9):
        reply = await say(services, f"/community digest {hour}")
        assert f"What needs attention is told each day at {hour}:00." in reply.text
        assert await last_hour(services, "digest") == hour
    assert await scene.jobs(services, "remind") == []
    reply = await say(services, "/community reminders on")
    assert "Who does not answer is reminded" in reply.text
    assert await last_hour(services, "remind") == 10
    await say(services, "/community timezone Asia/Tokyo")
    assert await last_hour(services, "remind") == 1
    assert await last_hour(services, "digest") == 0


async def last_hour(services: Services, kind: str) -> int:
    """The hour of day, in UTC, of the last job of this kind that is planned."""
    return max(job.run_at for job in await scene.jobs(services, kind)).hour
