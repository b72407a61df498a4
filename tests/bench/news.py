"""How soon a leader's receipt in Slack shows what a provider told, while letters go out."""

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bot.community import tokens
from tests.bench import acks, letters, programs, stock
from tests.bench.crowd import POSTMARK
from tests.bench.figures import Row
from tests.bench.letters import PASTE
from tests.bench.programs import percentile

# Letters of a round that are reported on, each with a receipt of its own: posting those, saying
# that they left and editing them is as much as Slack takes at once (`SlackChat.pace`).
_TOLD = 8
_REST = 15.0  # seconds until Slack takes as much again
_SPREAD = 3.0  # seconds in which the reports come
_LAST = 0.99


def measure(*, letters_out: int, rounds: int) -> list[Row]:
    """Measure from each report that comes to the edit of its receipt, while so many go out."""
    user, password = POSTMARK
    service = {
        "smtp_service": "postmark",
        "postmark_webhook_user": user,
        "postmark_webhook_password": password,
    }
    starts = [_SPREAD * n / _TOLD for n in range(_TOLD)]
    taken: list[float] = []
    with acks.house_in_slack(**service) as (house, sink, slack, database):
        for number in range(rounds):
            reported = [acks.whom(number, n) for n in range(_TOLD)]
            said = [acks.invitation(slack, number, n) for n in range(_TOLD)]
            programs.crowd(house, "slack", said, clients=_TOLD)
            sink.until(_TOLD)
            letters.invite(house, f"round.{number}", letters_out)
            reports = [_report(delivery) for delivery in _deliveries(database, reported)]
            crowd = programs.crowd(house, "postmark", reports, clients=_TOLD, starts=starts)
            shown = slack.arrivals(_TOLD)
            sink.until(letters_out)
            pairs = zip(reported, starts, strict=True)
            time.sleep(_REST)
            taken += [shown[who] - crowd.began - at for who, at in pairs]
    return [_row(letters_out, sorted(taken))]


def _deliveries(database: Path, people: Sequence[str]) -> list[int]:
    """The letters of these people, in order."""
    with closing(sqlite3.connect(database)) as connection:
        found = dict(connection.execute("SELECT contact, id FROM delivery"))
    return [found[person] for person in people]


def _report(delivery: int) -> str:
    """That a letter was delivered. Source: postmarkapp.com/developer/webhooks/delivery-webhook"""
    return json.dumps(
        {
            "RecordType": "Delivery",
            "MessageID": f"message-{delivery}",
            "Metadata": {"delivery": tokens.tag(stock.KEYS, delivery)},
            "DeliveredAt": "2026-11-22T12:00:00Z",
            "Details": "250 OK",
        }
    )


def _row(letters_out: int, taken: Sequence[float]) -> Row:
    middle, last = percentile(taken, 0.5), percentile(taken, _LAST)
    return Row(
        f"A provider says that a letter was delivered while {letters_out} go out (pastes of "
        f"{PASTE}): time to the edited receipt in Slack",
        f"p50 {middle * 1000:.0f} ms, p99 {last * 1000:.0f} ms",
        aim="p99 at most 2 s",
    )
