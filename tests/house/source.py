"""How the house rules look at the source: its files, its modules, what they import and define."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from pkgutil import walk_packages

import bot

ROOT = Path(__file__).parents[2]


def python_files(*folders: str) -> list[Path]:
    """The Python files in these folders of the project that people wrote, relative to its root."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found if path.parent.name != "versions")


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse((ROOT / path).read_text(), str(path))


def imports(path: Path) -> set[str]:
    """The full names of the modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module}
    return names


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module that others may call."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            yield node


def classes(kind: type) -> list[type]:
    """Every class that `bot` or `storage` defines of this kind."""
    import storage  # here, so that what only reads files works without a database driver

    found = set()
    for package in (bot, storage):
        for info in walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__") and ".versions" not in info.name:
                module = import_module(info.name)
                found |= {each for _, each in getmembers(module, isclass) if issubclass(each, kind)}
    ours = (each for each in found if each.__module__.partition(".")[0] in {"bot", "storage"})
    return sorted(ours, key=lambda each: f"{each.__module__}.{each.__name__}")


def project_files() -> list[Path]:
    """Every file that is or would be committed. Raises outside a git checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path.relative_to(ROOT) for path in paths if path.is_file()]
