"""What is furniture: elements around the main content of an HTML page, and lines such as "Back to top" on any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from .blocks import Block, Entry
from .codes import in_url
from .headings import HeadingTable, squeeze

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

_FURNITURE_LINES = """
    search all medical codes | search all codes | search medical codes | skip to main content | skip to content
    skip to navigation | back to top | advertisement | sponsored | share | tweet | print | print this page
    share this page | read more | learn more | show more | show less | expand all | collapse all | view all
    menu | accept | accept all | accept all cookies | accept cookies | decline | reject all | manage cookies
    login | log in | sign in | sign up | register | subscribe | prev | save
    bookmark | copy link | cookie settings | privacy policy | terms of use | terms of service | contact us
    about us | search | download pdf | toggle navigation | continue reading | scroll to top | loading | facebook
    twitter | linkedin | pinterest | whatsapp
"""
# Buttons, labels and the like wherever they stand alone; the empty line stands for all that have no letter.
_FURNITURE = frozenset(map(squeeze, _FURNITURE_LINES.replace("\n", "|").split("|")))
_NOTICE = re.compile(
    "(©|\\(c\\) ?\\d{4}|copyright\\b.{0,12}\\d{4}|home\\s*(?:[>\u203a»→]|[/|].*[/|])|you are here:|share on \\w+$)",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"\b(we|(this|our) (web)?site) uses? cookies\b")
_MAX_NOTICE = 400  # characters; a longer line is no copyright or cookie notice


class Region(NamedTuple):
    """A suspect element: the region around it, whether it is a header, and how many regions are around it.

    The whole page is region 0, which has -1 around it.
    """

    parent: int
    is_header: bool
    depth: int = 0


_END = Block("heading", "")


def is_suspect(name: str, attributes: Mapping[str, str]) -> bool:
    """Whether an element looks like navigation, a notice, an advertisement or the like, or is hidden."""
    if name in NOISE_TAGS:
        return True
    if not attributes:
        return False
    if attributes.get("role", "").lower() in NOISE_ROLES:
        return True
    classes = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    if classes != " " and _names_noise(classes[:_MAX_CLASSES]):
        return True
    hidden = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or _NOT_SHOWN.search(attributes.get("style", "")) is not None
    )
    return hidden and attributes.get("role") != "tabpanel" and not _COLLAPSIBLE.search(classes)


def is_skip_link(attributes: Mapping[str, str]) -> bool:
    """Whether a link is one for screen readers only, as "Skip to content"."""
    return _SKIP_LINK.search(attributes.get("class", "")) is not None


@lru_cache(maxsize=4096)
def _names_noise(classes: str) -> bool:
    words = {word.lower() for word in _WORD.findall(classes)}
    return not words.isdisjoint(NOISE_WORDS) or _SITE_HEADER.search(classes) is not None


def drop_noise(entries: list[Entry], regions: list[Region], table: HeadingTable) -> list[Block]:
    """The blocks outside suspect regions, and those of a region that plainly holds the page's own text.

    That is a region with most of the page's section headings and text under them; on a page without any, one with
    most of its text; and a header that has the page's only h1. Of other regions a list of similar codes is kept.
    """
    if len(regions) == 1:
        return [block for block, _ in entries]
    kinds: list[set[str]] = [set() for _ in regions]  # of sections with a heading and text in the region
    sizes = [0] * len(regions)  # characters of text that is no link
    titles = [0] * len(regions)
    heading: tuple[str, int] | None = None  # kind and region of the one above, as long as no text follows it
    for block, region in entries:
        found = table.exact(block.text)
        if not found and (labelled := table.exact(block.label or block.text[:70].partition(":")[0])):
            _count(kinds, region, labelled.kind, regions)
            heading = None
        elif found and found.kind != "furniture" and not block.is_link:
            heading = (found.kind, region)
        elif found is None and not block.is_link:
            if heading and heading[1] in _around(region, regions):
                _count(kinds, heading[1], heading[0], regions)
            heading = None
        is_title = block.style == "heading" and block.level == 1
        size = 0 if block.is_link else len(block.text)
        for outer in _around(region, regions):
            sizes[outer] += size
            titles[outer] += is_title
    dropped = [False] * len(regions)
    for number, (parent, is_header, _) in enumerate(regions[1:], 1):
        holds_text = len(kinds[number]) * 2 > len(kinds[0]) >= 2
        holds_text |= len(kinds[0]) < 2 and sizes[number] * 10 > sizes[0] * 6
        holds_title = is_header and titles[number] == titles[0] == 1
        dropped[number] = dropped[parent] or not (holds_text or holds_title)
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


def is_furniture(line: str) -> bool:
    """Whether ``line`` is a button, a label or a notice of the site rather than the page's text."""
    if len(line) <= 40 and squeeze(line) in _FURNITURE:
        return True
    if len(line) > _MAX_NOTICE:
        return False
    lower = line.lower()
    return (
        _NOTICE.match(line) is not None
        or "all rights reserved" in lower
        or ("cookies" in lower and _COOKIES.search(lower) is not None)
    )
