"""No page shows or changes anything of another community on the same server.

As in `tests/community/test_leaks.py`, for residents: every page that is there, every link of every
letter and page, and every form, for somebody who belongs to one of three communities that are
alike, with ids of all of them.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot import web
from bot.community import codes, contacts, households
from bot.community.households import proofs
from bot.ports import Services
from storage.tables import Community, Invitation, Member
from tests.community import databases, scene, twins
from tests.community.databases import Filled
from tests.community.scene import ADDRESS
from tests.community.twins import ALL, APART
from tests.web.visitor import Form, Page, Visitor

_LINK = re.compile(rf"{re.escape(ADDRESS)}(/[^\s\"'<>)]+)")
_HREF = re.compile(r'href="(/[^"#]*)"')
_ID = re.compile(r"(?<![\w.-])\d{1,7}(?![\w-])")
_TYPED = {"name": "Vi Neu", "address": "Flat 4B"}  # an address that all three have
# Who wants no more letters gets none of any community: what waits for them is called off.
_HOLDS_EVERYWHERE = re.compile("/o/")
_OF_HEADS_ALONE = re.compile(r"/household/remove/\d+ ")  # a form: pages have no space
_HOST = ADDRESS.removeprefix("https://")
_SESSION = "__Host-porchlight-member"
_PROOF = "__Host-porchlight-contact"
_KEPT_UNDER_A_CONTACT = ("invitations", "requests_to_join", "letters", "leaders_list")


@pytest.fixture(scope="module", params=databases.KINDS)
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """A database with all of them in it, made once."""
    with databases.filled(request) as made:
        yield made


async def doors(services: Services, community_id: int) -> list[str]:
    """Where residents of the community come in: codes, letters, and pages for everybody."""
    mine = [
        row for row in await scene.all_of(services, Invitation) if row.community_id == community_id
    ]
    codes_of_mine = [codes.derive(services.keys, row.id, row.generation) for row in mine]
    letters = await services.storage.read(twins.written, services, community_id)
    slugs = [row.slug for row in await scene.all_of(services, Community) if row.id == community_id]
    return [
        *(path for room in web._ROOMS for path in paths_of(room.rooms(services))),
        *(f"/ask/{slug}" for slug in slugs),
        *(f"/j/{code}" for code in codes_of_mine),
        *(found for letter in letters for found in _LINK.findall(letter)),
    ]


def paths_of(routes: list[object]) -> list[str]:
    """The pages that need nothing in their address."""
    found = [one for one in routes if isinstance(one, Route)]
    return [one.path for one in found if "{" not in one.path and "GET" in (one.methods or ())]


class Resident:
    """Somebody of one community, who follows every link and sends every form."""

    def __init__(self, services: Services, community_id: int, member_id: int | None) -> None:
        app = Starlette(routes=web.routes(services))
        self.visitor, self.community_id = Visitor(app), community_id
        self.keys, self.member_id = services.keys, member_id
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        self.be_themselves()

    def be_themselves(self) -> None:
        """Be the member again: whoever uses a code becomes the one who has come by it."""
        if self.member_id is not None:
            session = households.session(self.keys, self.member_id, now=scene.NOW)
            self.visitor.client.cookies.set(_SESSION, session, domain=_HOST)

    async def go_everywhere(self, begin: list[str]) -> None:
        """Begin there and follow all."""
        waiting = deque(begin)
        while waiting:
            path = waiting.popleft()
            for one in (path, *of_the_twins(path)):
                if one in self.seen or "leave" in one or "lang=" in one:
                    continue
                self.seen.add(one)
                self.be_themselves()
                page = await self.visitor.open(one)
                waiting += self._looked_at(page, one)
                for number in range(len(page.forms)):
                    waiting += await self._sent(page, number)

    def _looked_at(self, page: Page, path: str) -> list[str]:
        """Note what should not be there. Gives the links that are."""
        if page.status >= 500:
            self.wrong.append(f"{path}: {page.status} {page.text[:200]}")
        self.wrong += [
            f"{path}: {page.text[:600]}"
            for _ in twins.betrayed([page.html], self.community_id, said=path)
        ]
        return [] if _is_long(page) else _HREF.findall(page.html)

    async def _sent(self, page: Page, number: int) -> list[str]:
        form = page.forms[number]
        key = f"{form.action} {sorted(form.fields)}"
        if key in self.seen or _HOLDS_EVERYWHERE.match(form.action) or "leave" in form.action:
            return []
        self.seen.add(key)
        typed = {name: _TYPED[name] for name in form.fields if name in _TYPED}
        links = []
        for action in (*of_the_twins(form.action), form.action):
            page.forms[number] = replace(form, action=action)
            for fields in [*foreign_fields(form), {}]:
                answer = await self.visitor.submit(page, number, **{**typed, **fields})
                links += self._looked_at(answer, action)
        return links


def _is_long(page: Page) -> bool:
    """Files are no pages with links."""
    return "html" not in page.response.headers.get("content-type", "")


def of_the_twins(path: str) -> list[str]:
    """The same address with numbers of the others."""
    steps = range(0, len(ALL) * APART, APART)
    return [_stepped(path, step) for step in steps if _ID.search(path)]


def _stepped(path: str, step: int) -> str:
    return _ID.sub(lambda one: str(int(one[0]) % APART + step), path)


def foreign_fields(form: Form) -> list[dict[str, str]]:
    """The numbers in a form's fields, as the others have them."""
    numbers = {
        name: values[0]
        for name, values in form.fields.items()
        if values[0].isdecimal() and len(values[0]) < 8
    }
    return [
        {name: str(int(value) % APART + step) for name, value in numbers.items()}
        for step in range(0, len(ALL) * APART, APART)
        if numbers
    ]


@pytest.mark.parametrize("whose", ALL[:2], ids=["alder", "birch"])
@pytest.mark.parametrize("is_known", [True, False], ids=["a member", "nobody yet"])
def test_no_page_shows_or_changes_anything_of_another_community(
    filled: Filled, whose: int, is_known: bool
) -> None:
    async def walk(services: Services) -> list[str]:
        others = [one for one in ALL if one != whose]
        before = await services.storage.read(twins.everything, others)
        heads = [
            row.id
            for row in await scene.all_of(services, Member)
            if row.community_id == whose and row.is_head
        ]
        resident = Resident(services, whose, heads[0] if is_known else None)
        await resident.go_everywhere(await doors(services, whose))
        assert len(resident.seen) > 40, "it came nowhere"
        pressed = any(_OF_HEADS_ALONE.match(one) for one in resident.seen)
        assert pressed or not is_known, "they became somebody else on the way"
        after = await services.storage.read(twins.everything, others)
        changed = [f"changed: {name}" for name, rows in after.items() if rows != before[name]]
        shown = twins.betrayed(await twins.posted(services, whose), whose)
        return [*resident.wrong, *changed, *shown]

    assert filled.in_a_house(walk) == []


def test_own_data_are_the_same_as_if_the_others_never_were(filled: Filled) -> None:
    """The contact that their owner has proved is known in all three."""

    async def take(services: Services) -> dict[str, Any]:
        key = contacts.known("email", "rosa@example.net").key(services.keys)
        visitor = Resident(services, ALL[0], member_id=1).visitor
        visitor.client.cookies.set(_PROOF, proofs.proof(services.keys, key, now=scene.NOW))
        data: dict[str, Any] = (await visitor.client.get("/household/me/data")).json()
        assert all(data[part] for part in _KEPT_UNDER_A_CONTACT)
        return {**data, "made_at": ""}

    async def take_alone(services: Services) -> dict[str, Any]:
        for other in ALL[1:]:
            await services.storage.write(twins.forget, other)
        return await take(services)

    assert filled.in_a_house(take) == filled.in_a_house(take_alone)
