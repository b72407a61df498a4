"""The card of a batch of passes: how many were used, and what can be done with the rest."""

from datetime import datetime

from sqlmodel import Session

from bot.community import labels
from bot.messages import Button, Card
from storage import arriving, batches
from storage.tables import Batch


def card(session: Session, batch: Batch, *, now: datetime) -> Card:
    """How the batch stands."""
    count = batches.counts(session, batch.id, now=now)
    parts = [f"{count.joined} joined"]
    parts += [f"{count.expired} expired"] if count.expired else []
    parts += [f"{count.void} void"] if count.void else []
    name = f"Batch {batch.id}" + (f" “{batch.label}”" if batch.label else "")
    passes = "1 pass" if batch.pass_count == 1 else f"{batch.pass_count} passes"
    handed = f", handed out on {labels.day(batch.handed_out_at)}" if batch.handed_out_at else ""
    buttons = [Button("Print again", f"/passes again {batch.id}")]
    if not batch.handed_out_at:
        buttons.append(Button("Mark as handed out", f"/passes handed-out {batch.id}"))
    if count.left:
        buttons.append(Button("Void the unused ones", f"/passes void {batch.id}", "danger"))
    lines = [f"▫ {name}: {passes} printed{handed}, {', '.join(parts)}."]
    lines += labels.arriving(arriving.of_batch(session, batch.id))
    return Card("\n".join(lines), tuple(buttons))
