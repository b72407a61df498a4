"""What is committed runs on anybody's machine: no address of one, every package pinned."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT, project_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NEEDED = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
TESTING = PROJECT["project"]["optional-dependencies"]["dev"]

# A home or work folder in an absolute path, and hosts from which packages come.
OF_ONE_MACHINE = re.compile(r"(?<![\w.<>~$}/-])/(?:root|home|work|Users)/\w")
OF_A_REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org")


def pins(name: str) -> dict[str, str]:
    """The versions that a constraints file pins; fails on a line without a hash."""
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.M)[1:]
    versions = {}
    for block in blocks:
        requirement = Requirement(block.partition("\\")[0])
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), f"{requirement} has no hash"
        assert requirement.name not in versions, f"{requirement.name} is pinned twice"
        versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    return versions


@pytest.mark.parametrize(
    ("lists", "needed"),
    [
        (["constraints.txt"], NEEDED),
        (["constraints.txt", "tests/constraints.txt"], TESTING),
    ],
    ids=["run", "test"],
)
def test_everything_needed_is_pinned_to_what_is_allowed(
    lists: list[str], needed: list[str]
) -> None:
    pinned = {name: version for each in lists for name, version in pins(each).items()}
    wanted = {canonicalize_name(each.name): each for each in map(Requirement, needed)}
    assert wanted
    assert wanted.keys() - pinned.keys() == set()
    assert [
        each for name, each in wanted.items() if not each.specifier.contains(pinned[name])
    ] == []


def test_tests_run_on_the_pins_of_the_program() -> None:
    assert pins("constraints.txt").keys() & pins("tests/constraints.txt").keys() == set()


@pytest.mark.parametrize("name", ["constraints.txt", "tests/constraints.txt"])
def test_pins_say_nothing_of_where_packages_come_from(name: str) -> None:
    options = re.findall(r"--[a-z-]+", (ROOT / name).read_text())
    assert set(options) == {"--hash"}
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("telltale", [OF_ONE_MACHINE, OF_A_REGISTRY], ids=["folder", "registry"])
def test_no_file_knows_one_machine(telltale: re.Pattern[str]) -> None:
    assert [found for path in project_files() for found in occurrences(path, telltale)] == []


def test_a_machine_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    folder, host = "/".join(["", "home", "ana", "x"]), ".".join(["files", "pythonhosted", "org"])
    file.write_text(f'path = "{folder}"\nhttps://{host}/packages\nhttps://example.org/home/page\n')
    assert occurrences(file, OF_ONE_MACHINE) == [f"{file}:1"]
    assert occurrences(file, OF_A_REGISTRY) == [f"{file}:2"]


def occurrences(path: Path, telltale: re.Pattern[str]) -> list[str]:
    """Where a text file has it, as `path:line`."""
    content = (ROOT / path).read_bytes()
    lines = [] if b"\0" in content else content.decode(errors="replace").splitlines()
    return [f"{path}:{number}" for number, line in enumerate(lines, 1) if telltale.search(line)]
