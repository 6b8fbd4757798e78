"""The same pages and queries give the same bytes in every run; and opening an index runs no code of it."""

from __future__ import annotations

import ast
import builtins
import importlib
import json
import marshal
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import procsearch
from procsearch.search.index import open_index

from ..indexer.histories import apply
from .support import HISTORY, build, dose, expected, seeded, state_of

ROOMS = Path(procsearch.__file__).parent

ASK = """
import hashlib, json, sys
from pathlib import Path
from procsearch.indexer.reindex import reindex
from procsearch.search.index import open_index
report = reindex([sys.argv[1]], sys.argv[2], jobs=int(sys.argv[3]))
index = open_index(sys.argv[2])
said = [report.to_json() | {"seconds": 0}, index.stats()]
for query in ("clot", '"the vein"', "cl*", "graf~1", "stent OR clots", "vien", "name:graft AND NOT stent", "*"):
    results = index.search(query, facets=["system"], limit=40)
    said.append(results.to_json() | {"took": 0})
    said += [hit.to_json() for hit in results.hits]
said += [hit.to_json() for hit in index.similar(next(index.procedures()).id)]
said += [found.to_json() for found in index.suggest("gr")]
said += [found.to_json() for found in index.procedures()]
said.append(index.explain("clot vein", next(index.procedures()).id).to_json())
said.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest()
             for path in sorted(Path(sys.argv[2]).glob("*.segment"))})
print(json.dumps(said))
"""


def test_every_run_gives_the_same_bytes(tmp_path: Path) -> None:
    random = seeded()
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in range(40):
        about = " ".join(random.choices(("clot", "vein", "stent", "graft", "clots", "the"), k=12))
        (folder / f"{number}.html").write_text(f"<h1>Graft {number % 30}</h1><h2>Purpose</h2><p>The {about}.</p>")
        os.utime(folder / f"{number}.html", ns=(10**18, 10**18))
    said = set()
    for run in range(dose(10, 100)):
        index = tmp_path / "index"
        shutil.rmtree(index, ignore_errors=True)
        command = [sys.executable, "-c", ASK, str(folder), str(index), "2" if run % 5 == 0 else "1"]
        environment = {**os.environ, "PYTHONHASHSEED": str(random.randrange(2**32))}
        said.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(said) == 1
    assert len(json.loads(said.pop())) > 40


RUNNING = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "importlib", "runpy", "code"}
CALLS = {"eval", "exec", "compile", "__import__"}


def test_no_code_that_reads_an_index_can_run_what_it_reads() -> None:
    """Only workers' pipes, whose both ends are ours, carry pickles; arrays are read by ``frombuffer``."""
    found = set()
    for room in ("indexer", "search"):
        for path in sorted((ROOMS / room).rglob("*.py")):
            name = str(path.relative_to(ROOMS))
            for node in ast.walk(ast.parse(path.read_bytes())):
                match node:
                    case ast.Import(names=names):
                        found |= {(name, alias.name) for alias in names if alias.name.split(".")[0] in RUNNING}
                    case ast.ImportFrom(module=str(module)) if module.split(".")[0] in RUNNING:
                        found.add((name, module))
                    case ast.Call(func=ast.Name(id=called)) if called in CALLS:
                        found.add((name, called))
                    case ast.Call(func=ast.Attribute(attr="load", value=ast.Name(id="np"))):
                        found.add((name, "np.load"))
    # Names of modules written out in the code itself: of extras' commands, and of the folder that a model lies in.
    by_name = {("search/terminal.py", "importlib"), ("search/semantic/model.py", "importlib.util")}
    assert found <= {("indexer/worker.py", "pickle"), *by_name}


def test_an_index_opens_and_answers_where_nothing_can_be_unpickled_or_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path, 4)
    open_index(tmp_path).search("clot")  # what it imports is there now

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("an index ran code")

    with monkeypatch.context() as patch:
        for module, names in (
            (pickle, ("load", "loads", "Unpickler")), (marshal, ("load", "loads")), (importlib, ("import_module",)),
            (builtins, ("eval", "exec")),
        ):  # fmt: skip
            for name in names:
                patch.setattr(module, name, refuse)
        index = open_index(tmp_path)
        found = {hit.id for hit in index.search("clot OR vein OR graft", limit=50).hits}
        assert index.check() == []
        apply(tmp_path, HISTORY[4])
    assert found <= set(expected(4))
    assert found
    assert state_of(tmp_path) == expected(5)
