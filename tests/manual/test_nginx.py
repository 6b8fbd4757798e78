"""The service behind nginx as docs/nginx.md sets it up."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from procsearch import reindex
from tests.contract.running import start, write_pages
from tests.places import ROOT

from .blocks import blocks

NAME = "procedures.example.org"

pytestmark = [
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes a certificate, is not installed"),
]


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where nginx answers, with the server block of the page and nothing changed in it but ports and paths."""
    place = tmp_path_factory.mktemp("nginx")
    reindex([write_pages(place / "pages", a="Shatters a kidney stone.")], place / "procsearch-index")
    certificate, key, inner, outer = place / "site.pem", place / "site.key", free_port(), free_port()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-out", certificate]
    subprocess.run([*made, "-keyout", key], check=True, capture_output=True, timeout=60)
    (block,) = [block.text for block in blocks(ROOT / "docs" / "nginx.md") if block.language == "nginx"]
    for its, ours in {
        "443 ssl": f"127.0.0.1:{outer} ssl", "8017": inner, "/etc/ssl/procedures.pem": certificate,
        "/etc/ssl/procedures.key": key,
    }.items():  # fmt: skip
        assert its in block
        block = block.replace(its, str(ours))
    folders = "".join(f"{kind}_temp_path {place};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (place / "nginx.conf").write_text(
        f"daemon off; pid {place}/nginx.pid; error_log stderr; events {{}} http {{ {folders} access_log off; {block} }}"
    )
    service = start("serve", "--port", inner, at=place)
    nginx = subprocess.Popen(
        [shutil.which("nginx") or "", "-p", place, "-c", place / "nginx.conf", "-e", "stderr"], stderr=subprocess.PIPE
    )
    try:
        yield reached(f"https://127.0.0.1:{outer}", nginx, service)
    finally:
        for process in (nginx, service):
            process.terminate()
            process.communicate(timeout=30)


def reached(address: str, *processes: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        try:
            get(f"{address}/healthz")
        except URLError:
            for process in processes:
                assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.05)
        else:
            return address
    raise AssertionError("nginx does not answer")


def get(address: str) -> bytes:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with urlopen(address, context=trusting, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def test_people_and_programs_are_answered(address: str) -> None:
    assert json.loads(get(f"{address}/api/search?q=kidney"))["total"] == 1
    assert b"Shatters a" in get(f"{address}/?q=kidney")


def test_metrics_are_not_for_everybody(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        get(f"{address}/metrics")
    with refused.value:
        assert refused.value.code == 403


def test_an_address_beyond_the_bounds_is_refused_as_json(address: str) -> None:
    with pytest.raises(HTTPError) as refused:
        get(f"{address}/api/search?q={'x' * 1001}")
    with refused.value:
        assert json.load(refused.value)["error"]["code"]
