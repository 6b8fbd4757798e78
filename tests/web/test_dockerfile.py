"""The Dockerfile is sound as far as can be told without building it."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner

from procsearch.cli import group
from tests.places import ROOT

KNOWN = {"FROM", "LABEL", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT",
         "WORKDIR"}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments, long lines put together."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines()) if name]


def of(wanted: str) -> list[str]:
    return [arguments for name, arguments in instructions() if name == wanted]


def test_instructions_are_known_and_begin_with_an_image_of_one_version() -> None:
    assert {name for name, _ in instructions()} <= KNOWN
    assert instructions()[0][0] == "FROM"
    for image in of("FROM"):
        assert re.match(r"python:\d+\.\d+-[\w-]+( AS \w+)?$", image)


def test_it_copies_what_is_there() -> None:
    stages = {image.rpartition(" AS ")[2] for image in of("FROM") if " AS " in image}
    for copied in of("COPY"):
        *options, source, _ = copied.split()
        if options:
            (option,) = options
            assert option.removeprefix("--from=") in stages
        else:
            assert (ROOT / source).exists()


def test_the_service_does_not_run_as_root() -> None:
    last = [name for name, _ in instructions()]
    assert of("USER")[-1].isdigit()
    assert of("USER")[-1] != "0"
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_no_token_stands_in_the_image() -> None:
    assert not [given for given in of("ENV") if re.search(r"token|password|key", given, re.IGNORECASE)]


def test_it_starts_a_service_that_the_command_knows() -> None:
    (entry,) = of("ENTRYPOINT")
    program, command, *options = json.loads(entry)
    assert (program, command) == ("procsearch", "serve")
    told = CliRunner().invoke(group, ["serve", "--help"]).output
    assert [option for option in options if option.startswith("--")] == ["--host"]
    assert "--host" in told
    assert of("EXPOSE") == ["8017"]
    assert "8017" in told
    (check,) = of("HEALTHCHECK")
    python, flag, code = json.loads(check.partition("CMD ")[2])
    assert (python, flag) == ("python", "-c")
    compile(code, "healthcheck", "exec")
    assert "http://127.0.0.1:8017/healthz" in code
