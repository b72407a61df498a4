"""The root of all errors that a person gets to read.

An error's docstring is the sentence the person reads; facts are attributes, which fill the braces
in it. `bot.dispatch` and `bot.web` are the only translators.
"""

from typing import Any, ClassVar

from bot.languages import Sentence


class Refusal(Exception):
    """That cannot be done."""

    status: ClassVar[int] = 400  # what the web page answers with

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        for name, value in facts.items():
            setattr(self, name, value)
        self.facts = facts

    @property
    def words(self) -> str:
        """The sentence for the person, with the facts filled in; a page may translate it."""
        return Sentence(self.pattern(), **self.facts)

    @classmethod
    def pattern(cls) -> str:
        """The sentence with its braces."""
        return " ".join((cls.__doc__ or "").split())

    def __str__(self) -> str:
        return type(self).__name__  # never the facts: they may be an address


class BadFields(Refusal):
    """Please look at the marked fields."""

    status = 422

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__()
        self.errors = errors  # field name -> sentence
