"""Slack's spelling of text, read and written: its markup, its escapes, its helpful punctuation.

Only `&`, `<` and `>` need escaping, and with them no mention, link or channel can be forged.
Slack has no escape for `*`, `_`, `~` and a backtick; `blocks` therefore never lets it parse
anything, and what is written here is the fallback that notifications and screen readers get.
Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re

_MARKUP = re.compile(
    r"<(?P<kind>[@#!]|mailto:|tel:|(?=[a-z][a-z0-9+.-]*://))(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>"
)
_SINGLE = dict.fromkeys("‘’‚‛", "'")
_DOUBLE = dict.fromkeys("“”„‟", '"')
_WIDE = dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " ")
_NOTHING = dict.fromkeys("\u200b\u2060\ufeff", "")  # joiners stay: Persian and emoji need them
_TIDY = {ord(char): plain for char, plain in (_SINGLE | _DOUBLE | _WIDE | _NOTHING).items()}


def incoming(text: str) -> str:
    """What somebody meant who typed this into a message or after a slash command.

    People and channels stay `<@U123>` and `<#C1>`, without the name that Slack adds; addresses,
    numbers and links become what was typed. What is typed into a modal comes without markup.
    """
    unwrapped = _MARKUP.sub(_meant, text)
    decoded = unwrapped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return decoded.translate(_TIDY)


def _meant(markup: re.Match[str]) -> str:
    kind, target, label = markup["kind"], markup["target"], markup["label"]
    match kind:
        case "@" | "#":
            return f"<{kind}{target}>"
        case "!":  # <!here>, <!subteam^S1|@gardeners>
            return label or f"@{target.partition('^')[0]}"
        case "tel:":
            return label or target
        case _:
            return target


def spelt(words: str, root: str) -> str:
    """Our words, with each `/command` between backticks in the umbrella spelling, once."""
    return re.sub(rf"`/(?=[a-z])(?!{re.escape(root)} )", f"`/{root} ", words)


def outgoing(text: str) -> str:
    """The text escaped for a message's `text`, so that it mentions nobody and links nowhere.

    Whoever sends it also says `parse="none"`, `link_names=False`, `unfurl_links=False` and
    `unfurl_media=False`: otherwise Slack links a bare address and shows the page behind it.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
