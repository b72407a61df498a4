"""A Postfix for one test: it takes letters, reports, and leaves nothing behind."""

import smtplib
import socket

import pytest

from tests.provision import mailserver
from tests.stories.program import free_port, wait_for

BACK, LENA = "bounces@mail.example.org", "lena@resident.example.org"


@pytest.mark.slow
def test_a_postfix_of_our_own_reports_and_goes() -> None:
    if not mailserver.is_there():
        pytest.skip(mailserver.NONE)
    port = free_port()
    boxes = (BACK, LENA)
    with mailserver.running(port, mailboxes=boxes, upstream={}, refused="no@x.example") as server:
        with smtplib.SMTP("127.0.0.1", port) as line:
            line.sendmail(BACK, [LENA], b"Subject: Hello\r\n\r\n", (), ["NOTIFY=SUCCESS"])
        reports = server.mailbox(BACK) / "new"
        (report,) = wait_for(lambda: list(reports.glob("*")))
        assert report.read_text().startswith("Return-Path: <>\n")
        assert "starting the Postfix mail system" in server.log
    assert not server.folder.exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
