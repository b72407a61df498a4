"""The daily sweep: forget what need not be kept, and ask for what each day brings."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from bot.community import billing, receipts
from bot.community.members import undoing
from bot.community.postman import mornings
from bot.community.postman.ledger import Record
from bot.community.receipts import steps
from bot.community.requests import answering
from bot.ports import Services
from storage import (
    attempts,
    chat_members,
    chat_people,
    communities,
    drafts,
    erasing,
    heard,
    invitations,
    jobs,
    quotas,
    roster_drafts,
    talks,
    undos,
)
from storage import receipts as stored_receipts
from storage.lanes import TIMER, Claimed
from storage.mornings import without_word

_SWEPT = timedelta(days=2)  # looked back for what expired: one sweep may be missed
_KEEP_JOBS = timedelta(days=30)
_KEEP_DRAFTS = timedelta(days=1)
_KEEP_QUOTAS = timedelta(days=2)  # a day ends at another moment in each time zone
_KEEP_TALKS = timedelta(days=1)  # half-filled forms: addresses are in them
_KEEP_PEOPLE = timedelta(days=90)  # who opened a link in a chat, and has joined since or not
_KEEP_CONTACTS = timedelta(days=90)  # after the invitation or membership ended; we promise it


async def sweep(services: Services, job: Claimed) -> Record:
    """Forget what need not be kept, and ask for tomorrow's sweep."""

    def record(session: Session) -> None:
        now = datetime.now(UTC)
        jobs.forget_finished(session, before=now - _KEEP_JOBS)
        drafts.forget(session, before=now - _KEEP_DRAFTS)
        roster_drafts.forget(session, before=now - _KEEP_DRAFTS)
        invitations.erase_contacts(session, before=now - _KEEP_CONTACTS)
        erasing.erase_members(session, before=now - _KEEP_CONTACTS)
        chat_members.forget_keys(session, before=now)
        answering.close_old(session, services, now=now)
        answering.forget(session, now=now)
        attempts.forget(session, before=now - timedelta(hours=2))
        quotas.forget(session, before=now.date() - _KEEP_QUOTAS)
        heard.forget(session, before=now - timedelta(days=1))
        talks.forget(session, before=now - _KEEP_TALKS)
        undos.forget(session, before=now - undoing.LIFETIME)
        chat_people.forget(session, before=now - _KEEP_PEOPLE)
        since = now - _SWEPT
        receipts.follow(session, stored_receipts.expired(session, after=since, before=now))
        receipts.follow(session, without_word(session, before=now - steps.NO_WORD_AFTER))
        mornings.plan(session, communities.every(session), now=now)
        billing.close_months(session, now=now)
        jobs.finish(session, job)
        jobs.enqueue(session, [_sweep(_three_o_clock(now + timedelta(days=1)))])

    return record


async def ask_for_sweep(services: Services) -> None:
    """Ask for a sweep at once if none is planned for today; every worker asks, one is done."""
    await services.storage.write(jobs.enqueue, [_sweep(datetime.now(UTC))])


def _three_o_clock(day: datetime) -> datetime:
    return day.replace(hour=3, minute=0, second=0, microsecond=0)


def _sweep(at: datetime) -> jobs.NewJob:
    return jobs.NewJob(key=f"sweep:{at:%Y-%m-%d}", lane=TIMER, kind="sweep", args={}, run_at=at)
