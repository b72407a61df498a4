"""What operators read about chats is what the code asks of them, to the letter."""

import inspect
import re

from bot.__main__ import slack_manifest
from bot.chats.slack.installs import BACK, INSTALL
from bot.chats.slack.manifest import EVENTS_PATH, SCOPES
from bot.chats.slack.settings import SlackSettings
from tests.house.source import ROOT, python_files

README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "slack.md").read_text()


def test_the_readme_gives_each_scope_its_reason_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z:.]+)` \| (to .+) \|$", README, re.M)
    assert rows == list(SCOPES.items())


def test_the_guides_name_only_settings_that_exist() -> None:
    settings = {name.upper() for name in SlackSettings.model_fields}
    named = set(re.findall(r"\bSLACK_[A-Z_]*[A-Z]\b", README + GUIDE))
    assert named - settings == set()
    assert settings - named == {"SLACK_API_URL"}  # nobody needs it to set Slack up


def test_the_guide_names_the_addresses_that_slack_is_given() -> None:
    named = set(re.findall(r"https://join\.example\.org(/[\w/]+)", GUIDE))
    assert named == {EVENTS_PATH, INSTALL, BACK}


def test_the_guides_name_only_options_that_exist() -> None:
    typed = re.findall(r"porchlight slack-manifest((?: --\w+ \w+)+)", README + GUIDE)
    named = set(re.findall(r"--(\w+)", "".join(typed)))
    assert named == inspect.signature(slack_manifest).parameters.keys()


def test_the_guide_names_only_what_is_logged() -> None:
    source = "".join((ROOT / path).read_text() for path in python_files("bot/chats/slack"))
    named = re.findall(r"`(slack\.\w+)` in the log", GUIDE)
    assert named
    assert [name for name in named if f'"{name}"' not in source] == []
