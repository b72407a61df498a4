"""What is said about the code: rooms, verbs and errors explain themselves."""

import ast
import re
import string
from pathlib import Path

import pytest

from tests.house.source import classes, public_functions, python_files, tree

MODULES = python_files("bot", "storage", "tests")
VERBS = [(path, verb) for path in python_files("bot/community") for verb in public_functions(path)]


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize(("path", "verb"), VERBS, ids=[f"{p.stem}.{v.name}" for p, v in VERBS])
def test_a_verb_says_what_it_does(path: Path, verb: ast.FunctionDef) -> None:
    assert ast.get_docstring(verb), f"{path}:{verb.lineno}"


def test_the_community_has_verbs() -> None:
    where = {path.parent.name if path.stem == "__init__" else path.stem for path, _ in VERBS}
    assert where >= {"invitations", "redemptions", "postman"}


def test_an_error_is_a_sentence() -> None:
    """A person reads it, so it is written for one; braces name the facts it is filled in with."""
    errors = {error.__name__: error.__dict__.get("__doc__") or "" for error in classes(Exception)}
    assert {"UnknownCode", "MistypedCode", "DatabaseAway"} <= errors.keys()
    assert {name: words for name, words in errors.items() if not is_sentence(words)} == {}


def is_sentence(words: str) -> bool:
    """Whether words begin and end like a sentence and their braces hold plain names."""
    facts = [name for _, name, _, _ in string.Formatter().parse(words) if name is not None]
    ends = re.fullmatch(r"[A-Z“{].*[.?}]", words.strip(), re.DOTALL)
    return ends is not None and all(fact.isidentifier() for fact in facts)


def test_not_everything_is_a_sentence() -> None:
    assert not is_sentence("")
    assert not is_sentence("bad code.")
    assert not is_sentence("The code is wrong")
    assert not is_sentence("The code {code[0]} is wrong.")
