"""A cluster that speaks TLS: who is trusted, and what is told where nobody is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from procsearch import EngineError, NoIndex, open_index

from .stub import WELL, Answer, refusing, serving

missing = refusing(404, "index_not_found_exception", "no such index [procedures]")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", file.with_suffix(".key"), "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + file.with_suffix(".key").read_text())
    return file


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "API_KEY", "CA"):
        monkeypatch.delenv(f"PROCSEARCH_OPENSEARCH_{name}", raising=False)


def test_a_trusted_cluster_is_spoken_to(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCSEARCH_OPENSEARCH_CA", str(certificate))
    with serving(missing, certificate=certificate) as address, pytest.raises(NoIndex):
        open_index(address.replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize(
    ("trusted", "host", "told"),
    [(False, "localhost", "certificate is not trusted"), (True, "127.0.0.1", "certificate is for another host")],
)
def test_a_certificate_that_is_not_good(
    certificate: Path, trusted: bool, host: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("PROCSEARCH_OPENSEARCH_CA", str(certificate))
    with serving(missing, certificate=certificate) as address, pytest.raises(EngineError, match=told):
        open_index(address.replace("127.0.0.1", host))


def test_tls_where_it_is_not_spoken_and_the_other_way_round(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("procsearch.search.scaleout.index._PATIENCE", 0.3)
    well: Answer = lambda method, path: (200, WELL)  # noqa: E731 - an answer as any
    with serving(well) as address, pytest.raises(EngineError, match="TLS is not spoken there; write opensearch://"):
        open_index(address.replace("opensearch:", "opensearch+https:"))
    with serving(well, certificate=certificate) as address, pytest.raises(EngineError, match=r"opensearch\+https://"):
        open_index(address.replace("opensearch+https:", "opensearch:"))
