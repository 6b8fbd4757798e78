"""What surrounds the main content of an HTML page: which elements are suspect, and which of them are dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .blocks import Block, Entry
from .codes import in_url
from .headings import HeadingTable

_TAGS = """
    nav header footer aside form dialog menu search fieldset
"""
NOISE_TAGS = frozenset(_TAGS.split())
_ROLES = """
    navigation banner contentinfo complementary search dialog alertdialog menu menubar toolbar alert
"""
NOISE_ROLES = frozenset(_ROLES.split())
_WORDS = """
    nav navbar navigation menu submenu breadcrumb breadcrumbs crumbs cookie cookies consent gdpr ccpa footer
    sidebar share sharing social related recommended recommendations advert adverts advertisement ad ads
    adsbygoogle adslot sponsored sponsor promo promotion newsletter subscribe signup login popup modal overlay
    pagination pager comments disqus skip skiplink toc masthead topbar toolbar offcanvas copyright disclosure
    editsection feedback survey banner hidden invisible sr visually screenreader noprint searchbox sharebar
    sharedaddy jp outbrain taboola
"""
NOISE_WORDS = frozenset(_WORDS.split())
"""Words of a class or id that mark an element as none of the page's text."""

_SITE_HEADER = re.compile(r"(^|\s)(site|page|global|top|main|app)?[-_]?header(\s|$)", re.IGNORECASE)
_COLLAPSIBLE = re.compile(r"panel|accordion|collaps|\btab|content|body|answer|details", re.IGNORECASE)
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SKIP_LINK = re.compile(r"\bskip|\bsr-only|screen-reader|visually-?hidden", re.IGNORECASE)
_MAX_CLASSES = 300  # characters of class and id that are looked at
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Region(NamedTuple):
    """A suspect element: the region around it (-1 for none) and whether it is a header."""

    parent: int
    is_header: bool
    depth: int = 0


_END = Block("heading", "")


def is_suspect(name: str, attributes: Mapping[str, Any]) -> bool:
    """Whether an element looks like navigation, a notice, an advertisement or the like, or is hidden."""
    if name in NOISE_TAGS:
        return True
    if not attributes:
        return False
    if "role" in attributes and str(attributes["role"]).lower() in NOISE_ROLES:
        return True
    classes = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    if classes != " " and _names_noise(classes[:_MAX_CLASSES]):
        return True
    hidden = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or ("style" in attributes and _NOT_SHOWN.search(str(attributes["style"])) is not None)
    )
    return hidden and attributes.get("role") != "tabpanel" and not _COLLAPSIBLE.search(classes)


def is_skip_link(attributes: Mapping[str, Any]) -> bool:
    """Whether a link is one for screen readers only, as "Skip to content"."""
    return _SKIP_LINK.search(str(attributes.get("class", ""))) is not None


@lru_cache(maxsize=4096)
def _names_noise(classes: str) -> bool:
    words = {word.lower() for word in _WORD.findall(classes)}
    return not words.isdisjoint(NOISE_WORDS) or _SITE_HEADER.search(classes) is not None


def drop_noise(entries: list[Entry], regions: list[Region], table: HeadingTable) -> list[Block]:
    """The blocks outside suspect regions, and those of a region that plainly holds the page's own text.

    That is a region with most of the page's section headings and text under them; on a page without any, one with
    most of its words; and a header that has the page's only h1. Of other regions a list of similar codes is kept.
    """
    if len(regions) == 1:
        return [block for block, _ in entries]
    kinds: list[set[str]] = [set() for _ in regions]
    words = [0] * len(regions)
    titles = [0] * len(regions)
    pending: tuple[str, int] | None = None
    for block, region in entries:
        found = table.exact(block.text)
        if not found and (labelled := table.exact(block.label or block.text[:70].partition(":")[0])):
            _count(kinds, region, labelled.kind, regions)
            pending = None
        elif found and found.kind != "furniture" and not block.is_link:
            pending = (found.kind, region)
        elif found is None and not block.is_link:
            if pending and pending[1] in _around(region, regions):
                _count(kinds, pending[1], pending[0], regions)
            pending = None
        is_title = block.style == "heading" and block.level == 1
        size = 0 if block.is_link else len(block.text)
        for outer in _around(region, regions):
            words[outer] += size
            titles[outer] += is_title
    dropped = [False] * len(regions)
    for number, region_ in enumerate(regions[1:], 1):
        holds_text = len(kinds[number]) * 2 > len(kinds[0]) >= 2
        holds_text |= len(kinds[0]) < 2 and words[number] * 10 > words[0] * 6
        holds_title = region_.is_header and titles[number] == titles[0] == 1
        dropped[number] = dropped[region_.parent] or not (holds_text or holds_title)
    similar = _similar_codes(entries, regions, table)
    return [block for at, (block, region) in enumerate(entries) if not dropped[region] or at in similar]


def _similar_codes(entries: list[Entry], regions: list[Region], table: HeadingTable) -> set[int]:
    """Which entries are lists of similar codes, as sites put into a sidebar: heading and links to the next heading."""
    similar: set[int] = set()
    listed: list[int] = []
    within = -1
    for at, (block, region) in enumerate([*entries, (_END, 0)]):
        if listed and (block.style == "heading" or within not in _around(region, regions)):
            if any(in_url(link.url).code for other in listed for link in entries[other][0].links):
                similar.update(listed)
            listed = []
        if listed:
            if region == within:
                listed.append(at)
        elif region and block.style in ("heading", "bold") and not block.is_link:
            found = table.exact(block.text)
            if found and found.kind == "similar_codes":
                listed, within = [at], region
    return similar


def _around(region: int, regions: list[Region]) -> Iterator[int]:
    """``region`` and the regions around it, up to the whole page."""
    while region >= 0:
        yield region
        region = regions[region].parent


def _count(kinds: list[set[str]], region: int, kind: str, regions: list[Region]) -> None:
    for outer in _around(region, regions):
        kinds[outer].add(kind)
