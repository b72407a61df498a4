"""Why a call is turned away: the status and the sentence that it is answered with."""


class Refused(Exception):
    """A call that is answered with a status and this sentence, and noted in the log."""

    status: int

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why  # a few words for the log, nothing of what was sent


class Unreadable(Refused):
    """That is not what this service sends."""

    status = 400


class NotProven(Refused):
    """That was not signed by the service, or not lately."""

    status = 403


class NotThisWay(Refused):
    """Only POST is understood here."""

    status = 405


class TooSlow(Refused):
    """The call broke off before everything arrived."""

    status = 408


class TooMuch(Refused):
    """That is more than a service sends at once."""

    status = 413


class NotNow(Refused):
    """That cannot be checked or kept just now. Please send it again later."""

    status = 503
