"""The ``procsearch`` command: what the library does, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from procsearch import __version__
from procsearch.search import terminal

if TYPE_CHECKING:
    from procsearch.corpus.limits import Limits
    from procsearch.search.index import Index
    from procsearch.search.printing import Printer

SOME_PAGES_FAILED = 1
SHOWN_WARNINGS = 20

index_option = click.option(
    "--index", "index_path", envvar="PROCSEARCH_INDEX", default="procsearch-index", show_default=True,
    help="The folder of the index; also $PROCSEARCH_INDEX.",
)  # fmt: skip
boost_option = click.option(
    "--boost", "boosts", multiple=True, metavar="FIELD=NUMBER", callback=terminal.number_by_field,
    help="Weigh a field otherwise, as risks=3.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
headings_option = click.option(
    "--headings", type=click.Path(exists=True, dir_okay=False), callback=terminal.headings,
    help="A file with a site's own wordings of headings, one `their wording = kind` a line.",
)  # fmt: skip
vocabulary_option = click.option(
    "--vocabulary", envvar="PROCSEARCH_VOCABULARY", type=click.Path(exists=True, dir_okay=False),
    help="A file of one's own synonyms; also $PROCSEARCH_VOCABULARY.",
)  # fmt: skip
page_bytes_option = click.option(
    "--max-page-bytes", type=click.IntRange(1), default=20 * 2**20, show_default=True, help="Larger pages are refused."
)


def main() -> None:
    """Run the command; ends the process with one of the documented exit codes."""
    terminal.run(group, "procsearch")


def _printer() -> Printer:
    from procsearch.search.printing import Printer

    return Printer()


def _open(index_path: str, vocabulary: str | None = None) -> Index:
    from procsearch.search.index import open_once

    return open_once(index_path, vocabulary=vocabulary)


def _print_json(value: Any) -> None:
    from procsearch.search.printing import json_line

    click.echo(json_line(value))


def _limits(max_page_bytes: int) -> Limits:
    from procsearch.corpus.limits import Limits

    return Limits(max_page_bytes=max_page_bytes)


class InOrder(click.Group):
    """A group whose help lists the commands as they stand here: in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="procsearch")
def group() -> None:
    """Search medical procedure pages: index what you scraped, then ask in your own words.

    \b
    procsearch index pages/
    procsearch search "clot in dialysis graft"
    """


@group.command()
@click.argument("pages", nargs=-1, callback=terminal.pages_or_finish)
@index_option
@click.option("--shard", metavar="N/OF", callback=terminal.shard,
              help="For an index on a cluster: take the N-th of OF parts of the pages and do not finish.")  # fmt: skip
@click.option("--finish", is_flag=True, is_eager=True,
              help="Finish an index that was written in shards; PAGES may be left out then.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes that parse.  [default: all cores]")
@click.option("--allow-removals", is_flag=True, help="Remove even more than a fifth of the index if pages are gone.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--guard", nargs=2, metavar="QUERIES QRELS", type=click.Path(exists=True, dir_okay=False),
              help="Refuse the commit if nDCG@10 of these judged queries would fall.")  # fmt: skip
@headings_option
@page_bytes_option
@click.option("--memory", type=click.IntRange(1), default=512, show_default=True,
              help="About how many megabytes pages may take before they are written out.")  # fmt: skip
@click.option("--no-wait", is_flag=True, help="Fail at once if another process is writing.")
@click.option("-v", "--verbose", is_flag=True, help="Tell what was odd about each page, and all warnings.")
@json_option
@click.pass_context
def index(
    context: click.Context, *, pages: tuple[str, ...], index_path: str, shard: tuple[int, int] | None, finish: bool,
    jobs: int | None, allow_removals: bool, dry_run: bool, guard: tuple[str, str] | None,
    headings: dict[str, str] | None, max_page_bytes: int, memory: int, no_wait: bool, verbose: bool, as_json: bool,
) -> None:  # fmt: skip
    """Bring the index in step with PAGES.

    PAGES are files, folders, .zip, .tar.gz, .jsonl and .warc(.gz) files, or - for JSON Lines on standard input.
    Unchanged pages are not parsed again; pages gone from what is named are removed. Everything is committed in one
    step: searches see the old state or the new one. On a cluster pages are found as they are written.
    """
    from procsearch.indexer.reindex import reindex
    from procsearch.search.guard import guard as guarding

    with terminal.progress(pages) as progress:
        report = reindex(
            pages, index_path,
            jobs=jobs or terminal.available_cores(), dry_run=dry_run, allow_removals=allow_removals,
            headings=headings, limits=_limits(max_page_bytes), memory=memory * 2**20,
            wait=not no_wait, approve=guarding(index_path, *guard) if guard else None, shard=shard, progress=progress,
        )  # fmt: skip
    for failed in report.failed:
        terminal.tell(f"failed: {failed.page}: {failed.reason}")
    terminal.warn(report.warnings, None if verbose else SHOWN_WARNINGS)
    terminal.warn(report.oddities if verbose else ())
    if as_json:
        _print_json(report.to_json())
    else:
        _printer().indexed(report, index_path, dry_run)
    if not dry_run:
        from procsearch.search.semantic.command import keep_vectors

        keep_vectors(index_path, jobs or terminal.available_cores(), not no_wait)
    if report.failed:
        context.exit(SOME_PAGES_FAILED)


@group.command()
@index_option
@click.option("--model", type=click.Path(exists=True, file_okay=False),
              help="The folder of a sentence model in ONNX form.  [default: as before, else MiniLM]")  # fmt: skip
@click.option("--forget", is_flag=True, help="Remove all vectors instead: the index goes by words alone again.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Cores to use.  [default: all]")
@click.option("--no-wait", is_flag=True, help="Fail at once if another process is writing.")
@json_option
def embed(*, index_path: str, model: str | None, forget: bool, jobs: int | None, no_wait: bool, as_json: bool) -> None:
    """Give pages sentence vectors, to search by meaning too.

    Needs pip install 'procsearch[semantic]'. It may be interrupted: the next run goes on from there. Every later
    run of index gives new pages vectors by itself.
    """
    from procsearch.search.semantic.command import make_vectors
    from procsearch.search.semantic.embedding import forget_vectors

    if forget:
        forget_vectors(index_path)
        return
    done = make_vectors(index_path, model, jobs or terminal.available_cores(), not no_wait)
    if as_json:
        _print_json(done.to_json())
    else:
        _printer().embedded(done, index_path)


@group.command()
@click.argument("query", nargs=-1, required=True)
@index_option
@click.option("-n", "--limit", type=click.IntRange(0), default=10, show_default=True, help="How many hits to show.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many hits to pass over.")
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE", callback=terminal.values_by_field,
              help="Only pages with this value, as system=CPT4; several of one field widen it.")  # fmt: skip
@click.option("--facet", "facets", multiple=True, metavar="FIELD", help="Count the matches by the values of FIELD.")
@boost_option
@vocabulary_option
@click.option("--explain", is_flag=True, help="Show where each hit's score comes from.")
@click.option("--why", metavar="ID", help="Tell why this page stands where it does, or is no hit.")
@json_option
def search(
    *, query: tuple[str, ...], index_path: str, limit: int, offset: int, filters: dict[str, list[str]],
    facets: tuple[str, ...], boosts: dict[str, float], vocabulary: str | None, explain: bool, why: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Show the procedures that match QUERY, best first.

    Plain words rank over all sections. The query language has AND OR NOT, "phrases", risks:bleeding, prefix*,
    wild?cards, fuzzy~, ranges and ^boosts; docs/query-language.md tells all of it.
    """
    index = _open(index_path, vocabulary)
    asked = " ".join(query)
    results = index.search(asked, limit=limit, offset=offset, filters=filters, facets=facets, boosts=boosts)
    wanted = [*([hit.id for hit in results.hits] if explain else []), *([why] if why else [])]
    explained = {id: index.explain(asked, id, filters=filters, boosts=boosts) for id in wanted}
    if as_json:
        found = results.to_json()
        for hit in found["hits"] if explain else []:
            hit["explanation"] = explained[hit["id"]].to_json()
        _print_json({**found, "why": explained[why].to_json()} if why else found)
        return
    printer = _printer()
    printer.results(results, offset)
    for explanation in explained.values():
        printer.explanation(explanation)


@group.command()
@click.argument("id")
@index_option
@click.option("--section", help="Only this section, as risks.")
@json_option
def show(id: str, index_path: str, section: str | None, as_json: bool) -> None:
    """Show one procedure, whole or one section of it."""
    from procsearch.corpus.procedure import SECTION_KINDS

    if section is not None and section not in SECTION_KINDS:
        raise click.BadParameter(f"one of {', '.join(SECTION_KINDS)}", param_hint="--section")
    procedure = _open(index_path).get(id)
    if as_json:
        found = procedure.to_json()
        if section is not None:
            found["sections"] = [part for part in found["sections"] if part["kind"] == section]
        _print_json(found)
        return
    _printer().procedure(procedure, section)
    if section is not None and all(part.kind != section for part in procedure.sections):
        terminal.tell(f"{id} has no section {section}")


@group.command()
@click.argument("prefix")
@index_option
@click.option("-n", "--limit", type=click.IntRange(1), default=8, show_default=True, help="How many to show.")
@json_option
def suggest(prefix: str, index_path: str, limit: int, as_json: bool) -> None:
    """Complete what has been typed so far: names, words and codes."""
    found = _open(index_path).suggest(prefix, limit=limit)
    if as_json:
        _print_json([suggestion.to_json() for suggestion in found])
    elif found:
        _printer().table(("completion", "kind", "id"), [(s.text, s.kind, s.id or "") for s in found])
    else:
        terminal.tell("nothing begins so")


@group.command()
@click.argument("id")
@index_option
@click.option("-n", "--limit", type=click.IntRange(1), default=5, show_default=True, help="How many to show.")
@json_option
def similar(id: str, index_path: str, limit: int, as_json: bool) -> None:
    """Show the procedures most like the one with this ID."""
    hits = _open(index_path).similar(id, limit=limit)
    if as_json:
        _print_json([hit.to_json() for hit in hits])
        return
    printer = _printer()
    for number, hit in enumerate(hits, 1):
        printer.hit(number, hit)


@group.command()
@click.argument("pages", nargs=-1, required=True)
@headings_option
@page_bytes_option
@click.option("--report", is_flag=True, help="Tell the sections found, missing and odd over all pages.")
@json_option
@click.pass_context
def parse(
    context: click.Context, *, pages: tuple[str, ...], headings: dict[str, str] | None, max_page_bytes: int,
    report: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what parsing makes of PAGES, indexing nothing.

    With --json one procedure a line.
    """
    from procsearch.corpus.errors import PageError
    from procsearch.search.parsing_report import ParsingReport, parsed

    printer = _printer()
    summary = ParsingReport()
    failed = False
    for outcome in parsed(pages, headings, _limits(max_page_bytes)):
        if isinstance(outcome, PageError):
            failed = True
            terminal.tell(f"failed: {outcome}")
        elif report:
            summary.add(outcome)
        elif as_json:
            _print_json(outcome.to_json())
        else:
            printer.procedure(outcome)
            printer.line()
    if report:
        if as_json:
            _print_json(summary.to_json())
        else:
            summary.print(printer)
    if failed:
        context.exit(SOME_PAGES_FAILED)


@group.command()
@index_option
@json_option
def stats(index_path: str, as_json: bool) -> None:
    """Show the size and contents of the index."""
    found = _open(index_path).stats()
    if as_json:
        _print_json(found)
    else:
        _printer().mapping(found)


@group.command()
@index_option
@json_option
@click.pass_context
def check(context: click.Context, index_path: str, as_json: bool) -> None:
    """Verify every byte of every file of the index.

    Of an index on a cluster: that it is whole and has its copies.
    """
    from procsearch.corpus.errors import DamagedIndex
    from procsearch.indexer.check import check as check_index
    from procsearch.indexer.scaleout.address import is_address
    from procsearch.indexer.storage import Storage
    from procsearch.search.printing import printable

    # A folder is checked without being opened: what is damaged may not open.
    problems = _open(index_path).check() if is_address(index_path) else check_index(Storage(index_path))
    if as_json:
        _print_json({"ok": not problems, "problems": problems})
    else:
        click.echo("\n".join(map(printable, problems)) if problems else "the index is as it was written")
    if problems:
        context.exit(DamagedIndex.exit_code)


@group.command("eval")
@index_option
@click.option("--queries", required=True, type=click.Path(exists=True, dir_okay=False),
              help="Judged queries, JSON Lines of _id and text (BEIR); may be gzip.")  # fmt: skip
@click.option("--qrels", required=True, type=click.Path(exists=True, dir_okay=False),
              help="Judgements: query, document, grade, with tabs between (BEIR), or TREC's four columns.")  # fmt: skip
@boost_option
@vocabulary_option
@click.option("--run-out", type=click.Path(dir_okay=False), help="Also write the hits as a TREC run.")
@click.option("--against", type=click.Path(exists=True), metavar="RUN",
              help="Compare with this TREC run, or with the index in this folder.")  # fmt: skip
@json_option
def evaluate(
    *, index_path: str, queries: str, qrels: str, boosts: dict[str, float], vocabulary: str | None, run_out: str | None,
    against: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Judge the index on judged queries: nDCG@10, R@100, AP and RR.

    Queries are read as plain words, not as query language.
    """
    from procsearch.search.evaluation import MEASURES, compare, measure, read_qrels, read_queries, write_trec_run
    from procsearch.search.guard import judged, other_run, run_queries, unknown_documents

    asked, judgements = judged(read_queries(queries), read_qrels(qrels))
    index = _open(index_path, vocabulary)
    terminal.warn(unknown_documents(index, judgements))
    run = run_queries(index, asked, boosts=boosts)
    if run_out:
        write_trec_run(run, run_out)
    means = measure(judgements, run).mean
    other = other_run(against, asked) if against else {}
    comparisons = [compare(judgements, other, run, name) for name in MEASURES] if against else []
    if as_json:
        compared = {"against": {found.measure: found.to_json() for found in comparisons}} if against else {}
        _print_json({"queries": len(asked), **means, **compared})
        return
    printer = _printer()
    printer.mapping({"queries": len(asked), **{name: f"{value:.4f}" for name, value in means.items()}})
    if comparisons:
        printer.comparisons(comparisons, asked)


@group.command()
@index_option
@json_option
def export(index_path: str, as_json: bool) -> None:
    """Print every procedure as JSON, one a line.

    They come in the order of ids; index reads them back.
    """
    for procedure in _open(index_path).procedures():
        _print_json(procedure.to_json())


@group.command()
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8017, show_default=True, help="0 takes a free one.")
@click.option("--token", envvar="PROCSEARCH_TOKEN", help="Ask every request for this token; also $PROCSEARCH_TOKEN.")
@vocabulary_option
@click.option("--open", "open_", is_flag=True, help="Serve everybody who reaches the address, without a token.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that answer.")
@click.option("--log-queries", is_flag=True, help="Log requests with their queries, which may hold patient data.")
@click.option("--max-request-bytes", type=click.IntRange(1), default=16_384, show_default=True,
              help="The most that address, headers and body of a request may take each.")  # fmt: skip
@click.option("--max-query-characters", type=click.IntRange(1, 1000), default=1000, show_default=True,
              help="Longer queries are refused.")  # fmt: skip
@click.option("--max-hits", type=click.IntRange(1, 1000), default=100, show_default=True, help="The most in an answer.")
@click.option("--max-depth", type=click.IntRange(1, 1000), default=1000, show_default=True,
              help="How far into the results an answer may reach.")  # fmt: skip
@click.option("--query-seconds", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True,
              help="A query that takes longer is given up.")  # fmt: skip
@click.option("--concurrent-queries", type=click.IntRange(1), default=128, show_default=True,
              help="More queries at once, in each process, are turned away.")  # fmt: skip
def serve(
    *, index_path: str, host: str, port: int, token: str | None, vocabulary: str | None, open_: bool, workers: int,
    log_queries: bool, **limits: Any,
) -> None:  # fmt: skip
    """Serve the search page and the HTTP API.

    Only this machine reaches the service unless --host says otherwise, and then it asks for --token or --open.
    """
    web = terminal.extra("web", ".web")
    web.serve(
        index_path, host=host, port=port, token=token, open_=open_, workers=workers, log_queries=log_queries,
        settings=web.Settings(**limits), vocabulary=vocabulary,
        tell=lambda address: terminal.tell(f"searching at {address}"),
    )  # fmt: skip


@group.command()
@index_option
@vocabulary_option
def mcp(index_path: str, vocabulary: str | None) -> None:
    """Offer search, show and similar to a language model.

    They are MCP tools on standard input and output.
    """
    terminal.extra("mcp", ".mcp").serve(index_path, vocabulary=vocabulary)


@group.command()
@json_option
def demo(as_json: bool) -> None:
    """Index sample pages in a temporary place and search them."""
    from procsearch.search.demo import demonstrate

    demonstrate(_print_json if as_json else None, _printer())


if __name__ == "__main__":
    main()
