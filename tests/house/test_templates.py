"""Every template renders from the words it is promised, and its markup survives the inliner."""

import re
from datetime import date
from html.parser import HTMLParser
from types import SimpleNamespace as Some
from typing import Any

import pytest

from bot.community.brands import Brand
from bot.community.invitations.by_hand_page import Text, ToSend
from bot.community.labels import Label
from bot.templating import TEMPLATES, Templates

NAMES = sorted(
    path.relative_to(TEMPLATES).as_posix()
    for kind in ("email", "sms", "web")
    for path in (TEMPLATES / kind).rglob("*.*")
)
MAIL_BODIES = [name for name in NAMES if name.endswith("body.html")]

EVENTS = (
    "invitation",
    "reminder",
    "household_added",
    "household_left",
    "new_contact",
    "contact_changed",
    "household_link",
    "household_joined",
    "request_closed",
    "request_declined",
    "welcome",
)
LANGUAGES = Templates().languages
MAPLE = Brand("Maple Court", "#0b4f58", "", "en")
HOME = Some(
    address="12 Elm Street",
    members=[
        Some(id=1, name="Ana Ruiz", is_head=True, contact_masked="a…@example.org", is_hidden=False),
        Some(id=2, name="Bo Ruiz", is_head=False, contact_masked="", is_hidden=True),
    ],
    viewer_id=1,
    viewer_is_head=True,
    limit=12,
)
ME = Some(
    name="Ana Ruiz",
    contact_masked="a…@example.org",
    asked_masked="n…@example.org",
    is_hidden=True,
    is_head=True,
    theirs="es",
    brand=MAPLE,
)
PAIRING = Some(
    key="7KQM-4TXP",
    places=[Some(name="Slack", said="/household key 7KQM-4TXP", url="https://chat.example.org")],
    known=[Some(chat="slack", name="Slack", since=date(2026, 5, 4))],
)
INVITED = Some(
    code="7KQM-4TXP-2WNF",
    invited_by="Lee",
    welcome="Welcome!",
    features=["News", "Votes"],
    brand=MAPLE,
)
JOINED = Some(
    name="Ana",
    address="12 Elm Street",
    others=["Bo"],
    is_head=True,
    head_name="Ana",
    links=[("Chat", "https://chat.example.org")],
    invited_by="Lee",
)


def to_send(*labels: Label) -> ToSend:
    """A leader's page with a text in each of these states."""
    words = "Hello, this is Lee. Sign up here: https://join.example.org/j/7KQM4TXP2WNF"
    texts = [
        Text(number, "+12015550123", "+1 201-555-0123", words, "en", label)
        for number, label in enumerate(labels)
    ]
    return ToSend(MAPLE, "Lee", tuple(texts))


# What templates whose name begins so may use: (with everything said, what can be left unsaid).
WORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "": ({"community": "Maple Court", "colour": "#0b4f58", "on_colour": "#ffffff"}, {}),
    "email/": (
        {
            "address": "https://join.example.org",
            "slug": "maple-court",
            "postal": "1 Maple Way, Springfield",
            "language": "en",
            "link": "https://join.example.org/j/7KQM4TXP2WNF",
            "opt_out": "https://join.example.org/o/x",
        },
        {"postal": ""},
    ),
    "email/invitation/": (
        {
            "invited_by": "Lee",
            "welcome": "Welcome!",
            "features": ["News", "Votes"],
            "until": "2026-12-22",
            "code": "7KQM-4TXP-2WNF",
            "type_at": "join.example.org/join",
            "valid_until": "22 December 2026",
        },
        {"welcome": "", "features": []},
    ),
    "email/reminder/": (
        {
            "invited_by": "Lee",
            "code": "7KQM-4TXP-2WNF",
            "type_at": "join.example.org/join",
            "valid_until": "22 December 2026",
            "no_more": "https://join.example.org/r/x",
        },
        {},
    ),
    "email/household_link/": ({"name": "Ana"}, {}),
    "email/household_joined/": (
        {"name": "Ana", "newcomer": "Bo", "household": "12 Elm Street", "by_link": True},
        {"by_link": False},
    ),
    "email/request_declined/": ({"reason": "We do not know you."}, {"reason": ""}),
    "email/household_added/": (
        {
            "name": "Bo",
            "added_by": "Ana",
            "household": "12 Elm Street",
            "not_me": "https://join.example.org/n/x",
        },
        {},
    ),
    "email/household_left/": (
        {
            "name": "Ana",
            "leaver": "Bo",
            "household": "12 Elm Street",
            "inherits": True,
            "mistaken": True,
        },
        {"inherits": False, "mistaken": False},
    ),
    "email/new_contact/": ({"name": "Ana"}, {}),
    "email/contact_changed/": ({"name": "Ana", "contact_masked": "n…@example.org"}, {}),
    "email/welcome/": (
        {
            "name": "Ana",
            "household": "12 Elm Street",
            "links": [["Chat", "https://chat.example.org"]],
            "ways": [["Front porch", "https://t.me/+x"]],
        },
        {"links": [], "ways": []},
    ),
    "sms/": ({"link": "https://join.example.org/j/7KQM4TXP2WNF"}, {}),
    "sms/invitation": ({"invited_by": "Lee", "code": "7KQM-4TXP-2WNF"}, {}),
    "sms/reminder": ({"invited_by": "Lee"}, {}),
    "sms/by_hand": ({"invited_by": "Lee"}, {}),
    "sms/household_joined": ({"newcomer": "Bo"}, {}),
    "sms/household_added": ({"added_by": "Ana"}, {}),
    "sms/household_left": ({"leaver": "Bo", "inherits": True}, {"inherits": False}),
    "web/": (
        {
            "token": "t",
            "nonce": "n",
            "languages": [*LANGUAGES.values()],
            "logo": Some(path="/logo/x.png", width=40, height=20),
            "errors": {},
        },
        {"community": "", "languages": [], "logo": None},
    ),
    "web/by_hand.html": (
        {"path": "/s/1/x", "to_send": to_send("to send by hand", "sent", "joined")},
        {"to_send": to_send("opted out", "void")},
    ),
    "web/household.html": (
        {
            "home": HOME,
            "filled": {"name": "", "contact": ""},
            "news": "Bo Ruiz",
            "told": "email",
            "others": True,
        },
        {"news": "", "errors": {"name": "Please give a name."}, "others": False},
    ),
    "web/household_choose.html": (
        {
            "memberships": [
                Some(member_id=1, name="Ana", address="Flat 4B", community="Maple Court"),
                Some(member_id=2, name="Ana", address="12 Elm Street", community="Maple Court"),
            ]
        },
        {},
    ),
    "web/household_join.html": (
        {
            "door": Some(head="Ana Ruiz", address="12 Elm Street"),
            "path": "/m/1/x",
            "filled": {"name": "", "contact": ""},
        },
        {"errors": {"name": "Please give a name."}},
    ),
    "web/household_leave.html": ({"me": ME}, {"me": Some(**ME.__dict__ | {"is_head": False})}),
    "web/household_me.html": (
        {
            "me": ME,
            "pairing": PAIRING,
            "all_languages": [*LANGUAGES.values()],
            "filled": {"name": "Ana Ruiz", "contact": ""},
            "done": "name",
        },
        {
            "me": Some(**ME.__dict__ | {"contact_masked": "", "asked_masked": "", "theirs": ""}),
            "pairing": Some(key="", places=[], known=[]),
            "errors": {"contact": "No."},
            "done": "",
        },
    ),
    "web/household_share.html": (
        {"shared": Some(url="https://x.org/m/1/x", until=date(2026, 5, 11), left=3)},
        {"shared": Some(url="https://x.org/m/1/x", until=date(2026, 5, 11), left=1)},
    ),
    "web/not_me.html": (
        {"link": "x", "about": Some(name="Bo", added_by="Ana", is_done=False)},
        {"about": Some(is_done=True)},
    ),
    "web/new_contact.html": (
        {"link": "x", "about": Some(name="Ana", masked="n…@example.org", is_done=False)},
        {"about": Some(masked="n…@example.org", is_done=True)},
    ),
    "web/household_link.html": ({"errors": {"contact": "No."}, "filled": {"contact": "x"}}, {}),
    "web/household_open.html": ({"link": "x", "not_me": "y"}, {"not_me": ""}),
    "web/household_remove.html": ({"person": HOME.members[1]}, {}),
    "web/ask.html": (
        {
            "slug": "maple-court",
            "filled": {"name": "", "address": "", "contact": "", "words": "I live here now."},
        },
        {"errors": {"words": "No.", "name": "Please give a name."}},
    ),
    "web/ask_answer.html": (
        {"answer": Some(decision="declined", reason="We do not know.", slug="x", can_ask=True)},
        {"answer": Some(decision="", reason="", slug="x", can_ask=False)},
    ),
    "web/join.html": (
        {"typed": "7KQM", "error": "A code has 12 signs.", "ask_at": "maple-court"},
        {"error": "", "ask_at": ""},
    ),
    "web/opt_out.html": (
        {"path": "/o/x", "undone": True, "stop": Some(stopped=False, contact_masked="a…@x.org")},
        {"stop": Some(stopped=True, contact_masked="a…@x.org")},
    ),
    "web/reminders.html": (
        {"path": "/r/x", "undone": True, "stop": Some(stopped=False, contact_masked="a…@x.org")},
        {"stop": Some(stopped=True, contact_masked="a…@x.org")},
    ),
    "web/stop.html": (
        {"path": "/r/x", "undone": True, "stop": Some(stopped=False)},
        {"stop": Some(stopped=True)},
    ),
    "web/sign_up.html": (
        {
            "invited": INVITED,
            "valid_until": date(2026, 12, 22),
            "filled": {"name": "", "address": "", "contact": "", "others": ["Bo"]},
            "no_more": "x",
        },
        {
            "no_more": "",
            "errors": {"name": "Please give a name.", "others": "Too many."},
            "valid_until": None,
        },
    ),
    "web/trouble": ({"words": "That was too much.", "retry_after": 90}, {}),
    "web/welcome.html": (
        {"joined": JOINED},
        {"joined": Some(**JOINED.__dict__ | {"links": [], "is_head": False, "others": []})},
    ),
}


def words_for(name: str, *, brief: bool) -> dict[str, Any]:
    """The words that a template is promised."""
    promised: dict[str, Any] = {}
    for prefix in sorted(WORDS, key=len):
        if name.startswith(prefix):
            full, less = WORDS[prefix]
            promised |= full | (less if brief else {})
    return promised


@pytest.mark.parametrize("brief", [False, True], ids=["full", "brief"])
@pytest.mark.parametrize("name", NAMES)
def test_a_template_renders(name: str, *, brief: bool) -> None:
    assert Templates().render(name, **words_for(name, brief=brief)) is not None


def test_a_letter_has_all_its_parts() -> None:
    events = {*EVENTS}
    parts = {"subject.txt", "body.txt", "body.html"}
    letters = {name for name in NAMES if name.startswith("email/") and name.count("/") == 2}
    assert letters == {f"email/{event}/{part}" for event in events for part in parts}
    assert {f"sms/{event}.txt" for event in events - {"welcome"}} <= set(NAMES)


@pytest.mark.parametrize("event", EVENTS)
def test_what_a_leader_typed_stays_words_in_a_letter(event: str) -> None:
    name = f"email/{event}/body.html"
    words = words_for(name, brief=False) | {"community": "<b>Maple</b>"}
    html = Templates().render(name, **words)
    assert "<b>Maple" not in html
    assert "&lt;b&gt;Maple" in html


# The three rules under which CSS can be inlined into the source of a letter


class Flow(HTMLParser):
    """Follows Jinja's control flow, marked as comments, through the elements of a page."""

    EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
    ROWS = frozenset({"table", "thead", "tbody", "tr"})
    STEP = re.compile(r"{%-?\s*(if|for|elif|else|endif|endfor)\b.*?%}", re.S)

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[tuple[str, int]] = []  # elements, each with the place where it began
        self.blocks: list[list[tuple[str, int]]] = []
        self.faults: list[str] = []
        marked, self.unseen = self.STEP.subn(r"<!--flow \1-->", source)
        self.feed(marked)
        self.close()
        if self.unseen or self.blocks:
            self.faults.append("control flow inside a tag")

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Go into an element."""
        if tag not in self.EMPTY:
            line, column = self.getpos()
            self.open.append((tag, line * 10_000 + column))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag not in self.EMPTY and (not self.open or self.open.pop()[0] != tag):
            self.faults.append(f"</{tag}> closes something else")

    def handle_comment(self, data: str) -> None:
        """Meet a control statement: its block may only be cut where it began."""
        if not data.startswith("flow "):
            return
        self.unseen -= 1
        word = data.removeprefix("flow ")
        if word in {"if", "for"}:
            self.blocks.append([*self.open])
        where = self.blocks.pop() if word in {"endif", "endfor"} and self.blocks else None
        if where is None and self.blocks:
            where = self.blocks[-1]
        if where != self.open:
            self.faults.append(f"{word} in line {self.getpos()[0]} cuts an element in two")
        if self.open and self.open[-1][0] in self.ROWS:
            self.faults.append(f"{word} in line {self.getpos()[0]} stands between table rows")


def faults(source: str) -> list[str]:
    """What in a template's source the inliner would damage."""
    quoted = re.findall(r"<[a-z][^<>]*{{[^{}]*[\"'][^{}]*}}[^<>]*>", source)
    unsafe = re.findall(r"{[{%][^{}]*[<>&][^{}]*[}%]}", source)
    return [
        *Flow(source).faults,
        *(f"quotes in an attribute's expression: {tag}" for tag in quoted),
        *(f"markup in an expression: {expression}" for expression in unsafe),
    ]


@pytest.mark.parametrize("name", MAIL_BODIES)
def test_a_letter_can_be_inlined(name: str) -> None:
    assert faults((TEMPLATES / name).read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "<table>{% if a %}<tr><td>x</td></tr>{% endif %}</table>",
        "<p>{% if a %}</p><p>{% endif %}</p>",
        "<p {% if a %}class=x{% endif %}>x</p>",
        '<a href="{{ link("x") }}">x</a>',
        "<p>{% if a > 1 %}x{% endif %}</p>",
        "<p>{{ a & b }}</p>",
    ],
)
def test_what_the_inliner_would_damage_is_noticed(source: str) -> None:
    assert faults(source)


def test_what_the_inliner_leaves_alone_is_allowed() -> None:
    sound = '<table><tr><td>{% for a in b %}<p>{{ a["x"] }}</p>{% else %}<br>{% endfor %}</td>'
    assert faults(f'{sound}</tr></table><a href="{{{{ link }}}}">x</a>') == []
