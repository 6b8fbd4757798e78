"""Bar charts as plain SVG, readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from itertools import cycle

from .figures import number

_WIDTH, _LABELS, _VALUES = 760, 190, 90
_BAR, _GAP, _GROUP_GAP, _TOP = 18, 4, 34, 44
_OURS, _PEERS = "#d9480f", ("#1c7ed6", "#74b3e8", "#2b8a3e", "#9c6ade", "#868e96")
"""procsearch in the warm colour, its peers in cool ones: each is legible on white and on near-black."""

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #212529 }
.title { font-weight: 600; font-size: 15px } .group { font-weight: 600 } .axis { stroke: #adb5bd; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #e9ecef } .axis { stroke: #495057 } }
"""


def _scale(values: list[float], *, log: bool) -> tuple[float, float]:
    """The value at the left end of every bar, and at the right end of the longest."""
    most = max(values, default=1.0)
    if not log:
        return 0.0, most
    least = min((value for value in values if value > 0), default=1.0)
    return 10 ** math.floor(math.log10(least) - 0.15), most


def _length(value: float, left: float, right: float, *, log: bool) -> float:
    """How much of the full width the bar of a value takes."""
    if not log:
        return value / right if right else 0.0
    if value <= 0:
        return 0.0
    return math.log(value / left) / math.log(right / left)


def bar_chart(title: str, groups: Mapping[str, Mapping[str, float]], *, log: bool = False) -> str:
    """An SVG of horizontal bars: a group for each corpus, in it a bar for each engine, each with its value written."""
    names = list(dict.fromkeys(name for bars in groups.values() for name in bars))
    colours = dict(zip((name for name in names if name != "procsearch"), cycle(_PEERS), strict=False))
    colours["procsearch"] = _OURS
    left, right = _scale([value for bars in groups.values() for value in bars.values()], log=log)
    room = _WIDTH - _LABELS - _VALUES
    parts, y = [], _TOP
    for group, bars in groups.items():
        parts.append(f'<text class="group" x="8" y="{y + 13}">{escape(group)}</text>')
        y += _BAR + _GAP
        start = y
        for name, value in bars.items():
            width = max(1.0, room * _length(value, left, right, log=log))
            parts.append(f'<text x="{_LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
            parts.append(
                f'<rect x="{_LABELS}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{colours[name]}">'
                f"<title>{escape(name)}: {number(value)}</title></rect>"
            )
            parts.append(f'<text x="{_LABELS + width + 6:.1f}" y="{y + 13}">{number(value)}</text>')
            y += _BAR + _GAP
        parts.append(f'<line class="axis" x1="{_LABELS}" y1="{start - 2}" x2="{_LABELS}" y2="{y}"/>')
        y += _GROUP_GAP - _BAR
    note = f"{title}, log scale" if log else title
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}" role="img"'
        f' aria-label="{escape(title)}">\n<style>{_STYLE}</style>\n'
        f'<text class="title" x="8" y="24">{escape(note)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
