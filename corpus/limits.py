"""How much is read of what may be hostile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on pages and archives; passing one fails the page or the archive, and the reason names the bound."""

    max_page_bytes: int = 20 * 2**20
    """Bytes of one page, unpacked; also of one line of JSON Lines and of one WARC record."""

    max_ratio: int = 250
    """Unpacked bytes for each packed byte of an archive or gzip file, asked once ``max_page_bytes`` have come out."""

    max_archive_bytes: int = 64 * 2**30
    """Bytes that one archive or gzip file may unpack to."""

    max_directory_bytes: int = 32 * 2**20
    """Bytes of a zip archive's table of contents, which is held in memory: some 300,000 members."""
