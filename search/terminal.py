"""How a command begins and ends: streams that take any text, options read, errors told, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ..corpus.errors import PageError, ProcsearchError, QueryError

if TYPE_CHECKING:
    from ..indexer.reindex import Progress

WRONG_USAGE = 2
INTERRUPTED = 130


def run(group: click.Group, name: str) -> NoReturn:
    """Run the command that the arguments of this process name; ends it with one of the documented exit codes."""
    _prepare_streams()
    code = 0
    try:
        with group.make_context(name, sys.argv[1:]) as context:
            group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as exit:
        code = exit.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        tell("interrupted; nothing was changed")
        code = INTERRUPTED
    except click.ClickException as error:
        told = StringIO()
        error.show(told)
        for line in told.getvalue().rstrip("\n").split("\n"):
            tell(line)
        code = error.exit_code
    except ProcsearchError as error:
        tell(str(error))
        if isinstance(error, QueryError) and error.query:
            _point_at(error.query, error.position)
        # A command tells of bad pages and goes on; what it cannot do without is a file that an option names.
        code = WRONG_USAGE if isinstance(error, PageError) else error.exit_code
    except BrokenPipeError:  # whoever read the results has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        tell(f"cannot write the results: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ProcsearchError.exit_code
    sys.exit(code)


def _prepare_streams() -> None:
    """Let anything be written: a closed stream takes it too, and one that lacks a letter shows its number."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell(message: str) -> None:
    """Write one line to standard error."""
    from .printing import printable

    click.echo(printable(message), err=True)


def warn(warnings: Sequence[str], shown: int | None = None) -> None:
    """Tell of each of ``warnings``, or of the first ``shown`` and how many more there are."""
    from .printing import counted

    for warning in warnings[:shown]:
        tell(f"warning: {warning}")
    if shown is not None and len(warnings) > shown:
        tell(f"{counted(len(warnings) - shown, 'more warning')}; --verbose tells all")


def _point_at(query: str, position: int) -> None:
    from .printing import pointing_at

    for line in pointing_at(query, position):
        tell(f"  {line}")


@contextmanager
def progress(pages: tuple[str, ...]) -> Iterator[Progress]:
    """How indexing ``pages`` goes on: a bar on a terminal, one line a stage elsewhere."""
    from .progress import BarProgress, LineProgress

    if sys.stderr.isatty():
        with BarProgress(pages) as bar:
            yield bar
    else:
        yield LineProgress(tell)


def extra(name: str, module: str) -> Any:
    """The module of this room that needs the extra ``name``; says so where that is missing."""
    try:
        return import_module(module, __package__)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("procsearch"):
            raise
        raise click.UsageError(f"{error.name} is missing: pip install 'procsearch[{name}]'") from None


# What options hold


def headings(context: click.Context, option: click.Parameter, path: str | None) -> dict[str, str] | None:
    """The wordings of headings in a file."""
    if path is None:
        return None
    from ..corpus.headings import load_headings
    from .printing import printable

    try:
        return dict(load_headings(path))
    except ProcsearchError as error:
        raise click.BadParameter(printable(str(error))) from None


def pages_or_finish(context: click.Context, _: click.Parameter, pages: tuple[str, ...]) -> tuple[str, ...]:
    """The pages to index, which only ``--finish`` can do without."""
    if not pages and not context.params.get("finish"):
        raise click.UsageError("Name the PAGES to index.", context)
    return pages


def shard(_: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """The part of the pages that ``3/16`` means."""
    if text is None:
        return None
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"{text!r} is no part; write 1/16 to 16/16", param=parameter)
    return int(number), int(of)


def values_by_field(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, list[str]]:
    """``field=value``, several times."""
    values: dict[str, list[str]] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise click.BadParameter(f"{item!r} is not of the form field=value")
        values.setdefault(name.strip(), []).append(value.strip())
    return values


def number_by_field(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    """``field=number``, several times; of two for one field the last holds."""
    numbers = {}
    for name, values in values_by_field(context, option, given).items():
        try:
            numbers[name] = float(values[-1])
        except ValueError:
            raise click.BadParameter(f"{values[-1]!r} is not a number") from None
    return numbers


def available_cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
