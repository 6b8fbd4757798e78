"""The documentation says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from procsearch.cli import group
from tests.places import ROOT

PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))) if path.exists()]
COMMANDS = sorted(group.commands)


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """What docs/commands.md says of each command."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    return {part.split("`")[1].split()[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}


def test_every_command_has_its_place_and_no_other(sections: dict[str, str]) -> None:
    assert sorted(sections) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_told(sections: dict[str, str], name: str) -> None:
    parameters = group.commands[name].params
    options = {name for option in parameters if isinstance(option, click.Option) for name in option.opts}
    told = re.findall(r"`(--?[a-z][a-z-]*)", " ".join(_first_cells(sections[name])))
    assert options == set(told)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = group.commands[name]
    assert command.help
    assert len(command.get_short_help_str(200)) < 100
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            assert parameter.help.endswith((".", "]"))


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "4", "130"])
def test_exit_codes_are_told(code: str) -> None:
    assert f"| {code} | " in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        found = page.parent / path if path else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _first_cells(text: str) -> list[str]:
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
