"""What a member sees and changes of themselves: name, contact, language, chats, data, leaving."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.community.errors import BadFields
from bot.community.households import leaving, new_contacts, own, own_data, pairing
from bot.ports import Services
from bot.web import pages
from bot.web.visits import visit

_ME = "/household/me"
_LINK = "/household/link"


def rooms(services: Services) -> list[BaseRoute]:
    """The pages of this room."""
    return [
        Route(_ME, partial(show, services)),
        Route(_ME, partial(change, services), methods=["POST"]),
        Route(f"{_ME}/data", partial(take_data, services)),
        Route(f"{_ME}/leave", partial(doubt, services)),
        Route(f"{_ME}/leave", partial(leave, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    """All that can be changed, and what was changed just now."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    done = request.query_params.get("done", "")
    return await _page(services, request, member_id, done=done)


async def change(services: Services, request: Request) -> Response:
    """Change one thing, or show what is wrong beside its field."""
    who, member_id = visit(request), pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    what, given = who.field("change"), who.field(who.field("change"))
    try:
        await _change(services, request, member_id, what, given)
    except BadFields as refusal:
        filled = {what: given}
        return await _page(services, request, member_id, filled=filled, refusal=refusal)
    spoken = f"&lang={given}" if what == "language" else ""
    return pages.see_other(f"{_ME}?done={what}{spoken}#{what}")


async def _change(
    services: Services, request: Request, member_id: int, what: str, given: str
) -> None:
    now = visit(request).at
    match what:
        case "name":
            await own.rename(services, member_id, given, now=now)
        case "contact":
            await new_contacts.ask(services, member_id, given, now=now)
        case "hidden":
            await own.hide(services, member_id, hidden=given == "yes", now=now)
        case "language":
            await own.speak(services, member_id, given, now=now)
        case "key":
            await pairing.offer(services, member_id, now=now)
        case "chat":
            await pairing.part(services, member_id, chat=given, now=now)
        case _:
            raise BadFields({})


async def take_data(services: Services, request: Request) -> Response:
    """Everything we hold about the member, as a file; also for one who is suspended."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    proved = pages.proved_contact(services, request)
    file = await own_data.file(services, member_id, proved=proved, now=visit(request).at)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.media_type, headers=headers)


async def doubt(services: Services, request: Request) -> Response:
    """Ask once before somebody leaves. Changes nothing."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    me = await leaving.ask(services, member_id, now=visit(request).at)
    return pages.page(
        services,
        request,
        "web/household_leave.html",
        brand=me.brand,
        theirs=me.theirs,
        me=me,
    )


async def leave(services: Services, request: Request) -> Response:
    """Leave, and be forgotten on this device."""
    member_id = pages.guest(services, request)
    if member_id is None:
        return pages.see_other(_LINK)
    await leaving.leave(services, member_id, now=visit(request).at)
    page = pages.page(services, request, "web/household_left.html")
    return pages.farewell(services, page)


async def _page(
    services: Services,
    request: Request,
    member_id: int,
    *,
    filled: dict[str, str] | None = None,
    refusal: BadFields | None = None,
    done: str = "",
) -> Response:
    now = visit(request).at
    me = await own.look(services, member_id, now=now)
    return pages.page(
        services,
        request,
        "web/household_me.html",
        brand=me.brand,
        theirs=me.theirs,
        refusal=refusal,
        me=me,
        pairing=await pairing.offered(services, member_id, now=now),
        all_languages=[*services.templates.languages.values()],
        filled={"name": me.name, "contact": "", **(filled or {})},
        done=done,
    )
