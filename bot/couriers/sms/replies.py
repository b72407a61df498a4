"""What residents answer to a text: a word that stops texts or lets them come again, or anything.

Twilio answers its own words itself, and from STOP to START it lets nothing through, so those get
no answer of ours. It knows them in English only, alone in a message and spelt exactly; people
write "Arrêt", "stop please" and "¡ALTO!", so these are understood here, too.
Source: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from bot.community.segments import fit
from bot.messages import Wish

Meant = Literal["stop", "start", "help", "other"]
Language = Literal["en", "es", "fr"]

_TWILIOS = {
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT",
    "START", "YES", "UNSTOP",
}  # fmt: skip
_WORDS: dict[tuple[Meant, Language], str] = {
    ("stop", "en"): "stop stopall unsubscribe cancel end quit revoke optout remove",
    ("stop", "es"): "alto parar pare basta baja cancelar detener",
    ("stop", "fr"): "arret arrete arreter arrett desabonner desinscription",
    ("start", "en"): "start yes unstop",
    ("start", "es"): "comenzar empezar iniciar alta",
    ("start", "fr"): "commencer reprendre debut",
    ("help", "en"): "help info",
    ("help", "es"): "ayuda",
    ("help", "fr"): "aide",
}
_MEANT = {word: meant for meant, words in _WORDS.items() for word in words.split()}
_POLITE = frozenset(["please", "pls", "now", "thanks", "por", "favor", "gracias", "svp", "merci"])
_MOST, _WHILE = 5, 3600.0  # answers to one number in so many seconds
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")  # E.164; a name or a short code cannot be written to

# Their letters are those of GSM-7, which has an é and no á: nothing is lost on the way.
ANSWERS: dict[tuple[Meant, Language], str] = {
    ("stop", "en"): "You will get no more texts from us. Reply START to get them again.",
    ("stop", "es"): "No le enviaremos otro mensaje. Responda START si cambia de idea.",
    ("stop", "fr"): "Vous ne recevrez plus nos SMS. Répondez START pour les recevoir à nouveau.",
    ("start", "en"): "You can get texts from us again. Reply STOP to opt out.",
    ("start", "es"): "De nuevo puede recibir mensajes nuestros. Responda STOP para no recibirlos.",
    ("start", "fr"): "Vous pouvez recevoir nos SMS à nouveau. Répondez STOP pour les refuser.",
    ("help", "en"): "This number sends invitations for {house}. Nobody reads the answers. "
    "Reply STOP to opt out.",
    (
        "help",
        "es",
    ): "Este es el remitente de las invitaciones de {house}. Nadie lee las "
    "respuestas. Responda STOP para no recibirlas.",
    ("help", "fr"): "Ce numéro envoie des invitations de {house}. Personne ne lit les réponses. "
    "Répondez STOP pour les refuser.",
}


class Patience:
    """How often somebody gets an answer: another machine would answer ours for ever."""

    def __init__(self) -> None:
        self._answered: dict[str, list[float]] = {}  # when, by number; monotonic seconds

    def has_some(self, sender: str) -> bool:
        """Whether this one is to be answered, too."""
        lately = time.monotonic() - _WHILE
        self._answered = {
            number: recent
            for number, moments in self._answered.items()
            if (recent := [moment for moment in moments if moment > lately])
        }
        moments = self._answered.setdefault(sender, [])
        if len(moments) >= _MOST:
            return False
        moments.append(time.monotonic())
        return True


@dataclass(frozen=True, slots=True)
class Understood:
    """What somebody wants, and in which language they said so."""

    meant: Meant
    language: Language = "en"


def understood(body: str) -> Understood:
    """What a message means as a whole: a word within a sentence is none of these."""
    bare = unicodedata.normalize("NFKD", body).casefold()
    letters = "".join(char for char in bare if char.isalpha() or char.isspace())
    said = "".join(word for word in letters.split() if word not in _POLITE)
    return Understood(*_MEANT.get(said, ("other", "en")))


def wish_of(form: Mapping[str, str]) -> Wish | None:
    """The wish in a message, by Twilio's word for it or by ours; None when there is none."""
    named = form.get("OptOutType", "").casefold()
    meant = named if named in {"stop", "start"} else understood(form.get("Body", "")).meant
    sender = form.get("From", "")
    if not _NUMBER.fullmatch(sender):
        return None
    key = f"twilio:{form.get('MessageSid', '')}"
    match meant:
        case "stop":
            return Wish("text", sender, "stop", key)
        case "start":
            return Wish("text", sender, "start", key)
    return None


def answer_to(form: Mapping[str, str], *, house: str) -> str:
    """What to answer, in one segment; nothing where Twilio answers itself.

    Takes: house, the host of our pages, which the texts have shown.
    """
    body = form.get("Body", "")
    if form.get("OptOutType") or body.strip().upper() in _TWILIOS:
        return ""
    found = understood(body)
    meant: Meant = "help" if found.meant == "other" else found.meant
    return fit(ANSWERS[meant, found.language].format, {"house": house})


def twiml(words: str) -> str:
    """An answer in Twilio's markup; no words are no answer."""
    message = f"<Message>{escape(words, quote=False)}</Message>" if words else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
