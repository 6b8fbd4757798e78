"""Where an index on a cluster is: ``opensearch://host:9200,other:9200/name?shards=6&replicas=1``."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...corpus.errors import ProcsearchError

_ADDRESS = re.compile(r"opensearch(?P<tls>\+https)?://(?P<hosts>[^/?#]*)/(?P<name>[^/?#]*)(?:\?(?P<settings>[^#]*))?")
_HOST = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,150}")
_MEANT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|opensearch(?:\+https)?:", re.IGNORECASE)
_SETTINGS = {"shards": ("number_of_shards", 1, 1024), "replicas": ("number_of_replicas", 0, 100)}
_PORTS = range(1, 65536)
_PREFIX = "PROCSEARCH_OPENSEARCH_"


@dataclass(frozen=True, slots=True)
class Address:
    """The hosts (name and port) of a cluster and the ``name`` of an index there.

    ``settings`` are those a new index is made with; what it does not name the cluster decides.
    """

    hosts: tuple[tuple[str, int], ...]
    name: str
    tls: bool = False
    settings: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"opensearch{'+https' if self.tls else ''}://{hosts}/{self.name}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens a cluster; never shown."""

    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    authority: str | None = None
    """A file of the certificates to trust."""

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, in every form in which it is sent."""
        sent = [self.password, self.api_key]
        if self.user is not None and self.password is not None:
            sent.append(b64encode(f"{self.user}:{self.password}".encode()).decode())
        return tuple(secret for secret in sent if secret)


def is_address(text: object) -> bool:
    """Whether ``text`` is meant as the address of an index on a cluster, be it a wrong one, not as a folder."""
    return isinstance(text, (str, os.PathLike)) and bool(_MEANT.match(os.fspath(text)))


def wrong(message: str) -> ProcsearchError:
    """The error for something that was asked for in a wrong way."""
    error = ProcsearchError(message)
    error.exit_code = 2
    return error


def read_address(text: str) -> Address:
    """The address that ``text`` writes; ProcsearchError says what is wrong with it, without repeating a password."""
    found = _ADDRESS.fullmatch(text)
    if "@" in text.partition(":")[2].lstrip("/").partition("/")[0]:
        raise wrong(
            "user and password do not belong in the address of a cluster: "
            f"set {_PREFIX}USER and {_PREFIX}PASSWORD, or {_PREFIX}API_KEY"
        )
    if found is None:
        raise wrong(f"{text!r} is no address of a cluster; write opensearch://host:9200/name")
    hosts = [_HOST.fullmatch(host) for host in found["hosts"].split(",")]
    if not all(host and int(host["port"] or 9200) in _PORTS for host in hosts):
        raise wrong(f"{found['hosts']!r} are no hosts; write host:9200 or host:9200,other:9200")
    if not _NAME.fullmatch(found["name"]):
        raise wrong(
            f"{found['name']!r} is no name of an index; it is made of lower-case letters, digits, dots, - and _"
        )
    return Address(
        tuple((host["host"].strip("[]"), int(host["port"] or 9200)) for host in hosts if host),
        found["name"],
        found["tls"] is not None,
        dict(_setting(part) for part in (found["settings"] or "").split("&") if part),
    )


def read_credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """The credentials in the environment."""
    names = ("USER", "PASSWORD", "API_KEY", "CA")
    user, password, api_key, authority = (environment.get(_PREFIX + name) or None for name in names)
    if api_key is None and (user is None) != (password is None):
        raise wrong(f"{_PREFIX}USER and {_PREFIX}PASSWORD are of use together only")
    return Credentials(user, password, api_key, authority)


def _setting(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    setting, least, most = _SETTINGS.get(name, ("", 0, 0))
    if not setting or not (value.isdecimal() and least <= int(value[:9]) <= most):
        raise wrong(f"{text!r} is no setting of an index; there are shards=6 (1 to 1024) and replicas=1 (0 to 100)")
    return setting, int(value)
