"""The least that lets somebody in: `python tests/bench/plain_pages.py DATABASE_URL`, at PORT.

The same server and framework, plain `sqlite3` or psycopg, one page and one transaction with the
same UPDATE and INSERTs into the same tables. It checks nothing that was typed, knows neither
browser nor forgery, and announces nothing.
"""

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import psycopg
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.community import codes
from tests.bench.stock import KEYS

PAGE = """<!doctype html><title>Join {community}</title>
<form method="post"><input name="name"><input name="address"><input name="contact"></form>"""
LOOK_UP = """SELECT community.name FROM invitation JOIN community ON community.id = community_id
WHERE code_hash = ? AND redeemed_at IS NULL AND voided_at IS NULL"""
CLAIM = """UPDATE invitation SET redeemed_at = ? WHERE code_hash = ? AND redeemed_at IS NULL
AND voided_at IS NULL RETURNING id, community_id"""
HOUSEHOLD = """INSERT INTO household (community_id, address, address_key, created_at)
VALUES (?, ?, ?, ?) RETURNING id"""
MEMBER = """INSERT INTO member (community_id, household_id, is_head, name, email, joined_at)
VALUES (?, ?, true, ?, ?, ?) RETURNING id"""
REDEMPTION = """INSERT INTO redemption (community_id, invitation_id, household_id, member_id, at)
VALUES (?, ?, ?, ?, ?)"""
AUDIT = """INSERT INTO audit (community_id, at, actor, action, subject)
VALUES (?, ?, ?, 'invitation.redeemed', ?)"""
JOB = """INSERT INTO job (community_id, lane, kind, key, args, state, run_at, claimed, again, fence,
attempts, unconfirmed, error, created_at)
VALUES (?, 'plain', 'announce', ?, '{}', 'done', ?, false, false, 0, 0, 0, '', ?)"""


_mine = threading.local()  # each thread's connection

Run = Callable[..., Any]  # one statement with its values


def look_up(run: Run, code_hash: bytes) -> str:
    """The community that a code opens."""
    name: str = run(LOOK_UP, code_hash).fetchone()[0]
    return name


def redeem(run: Run, code_hash: bytes, name: str, address: str, contact: str) -> None:
    """Use the code up and make its holder a member."""
    now = datetime.now(UTC).isoformat(" ")
    invitation, community = run(CLAIM, now, code_hash).fetchone()
    household = run(HOUSEHOLD, community, address, address.lower(), now).fetchone()[0]
    member = run(MEMBER, community, household, name, contact, now).fetchone()[0]
    run(REDEMPTION, community, invitation, household, member, now)
    run(AUDIT, community, now, f"member:{member}", f"invitation:{invitation}")
    run(JOB, community, f"announce:{member}:1", now, now)


def on_sqlite(path: str) -> None:
    """Open the file in this thread."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")

    def transact(work: Any, *values: Any) -> Any:
        connection.execute("BEGIN IMMEDIATE" if work is redeem else "BEGIN")
        result = work(lambda sql, *bound: connection.execute(sql, bound), *values)
        connection.execute("COMMIT")
        return result

    _mine.transact = transact


def on_postgres(url: str) -> None:
    """Connect in this thread."""
    connection = psycopg.connect(url, autocommit=True)

    def transact(work: Any, *values: Any) -> Any:
        with connection.transaction():
            return work(
                lambda sql, *bound: connection.execute(sql.replace("?", "%s"), bound), *values
            )

    _mine.transact = transact


def make_app(url: str) -> Starlette:
    """A page and its form."""
    path = url.removeprefix("sqlite:///")
    kind = (1, on_sqlite) if path != url else (10, on_postgres)  # connections
    threads = ThreadPoolExecutor(kind[0], initializer=kind[1], initargs=(path,))

    async def run(work: Any, *values: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, lambda: _mine.transact(work, *values))

    async def form(request: Request) -> Response:
        code_hash = codes.fingerprint(KEYS, request.path_params["code"])
        return HTMLResponse(PAGE.format(community=await run(look_up, code_hash)))

    async def join(request: Request) -> Response:
        code_hash = codes.fingerprint(KEYS, request.path_params["code"])
        fields = parse_qs((await request.body()).decode())
        typed = (fields[name][0] for name in ("name", "address", "contact"))
        await run(redeem, code_hash, *typed)
        return RedirectResponse("/welcome", 303)

    async def home(_request: Request) -> Response:
        return HTMLResponse("")

    return Starlette(
        routes=[
            Route("/", home),
            Route("/j/{code}", form),
            Route("/j/{code}", join, methods=["POST"]),
        ]
    )


async def main() -> None:
    """Serve until stopped."""
    server = Server(
        make_app(sys.argv[1]),
        address="127.0.0.1",
        port=int(os.environ["PORT"]),
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve(spawn_target=None)


if __name__ == "__main__":
    asyncio.run(main())
