"""A generated page as a site would serve it: 10 to 15 KB of HTML, of which the procedure is a third."""

from __future__ import annotations

from html import escape
from pathlib import Path

from .pagefile import Page
from .pages import code_of, generate

_SYSTEM_LABELS = {"CPT4": "CPT4 code", "HCPCS": "HCPCS code", "ICD10PCS": "ICD10PCS code"}
_ORDERED, _PROSE = ("steps",), ("summary", "duration", "setting")
_MENU = {
    "Codes": ("ICD10CM", "ICD10PCS", "CPT4", "HCPCS", "DRG", "APC", "NDC", "LOINC"),
    "Tools": ("Crosswalk", "Modifiers", "Fees", "Edits", "Calculator", "Compare", "Export", "Alerts"),
    "Learn": ("Articles", "Guides", "Videos", "Glossary", "Updates", "Courses", "Forum", "Events"),
}
_CSS = "\n".join(
    f".{name}{{margin:{at}px 0;padding:{at + 2}px {at + 8}px;font:{12 + at % 5}px/1.5 sans-serif;color:#2{at}2b33}}"
    for at, name in enumerate(("top", "menu", "crumbs", "page", "codes", "list", "item", "foot", "share", "note"), 1)
)
_SCRIPT = """
window.site = window.site || {};
(function (site) {
  site.queue = [];
  site.track = function (name, data) { site.queue.push({ name: name, data: data, at: Date.now() }); };
  document.addEventListener("DOMContentLoaded", function () {
    var menus = document.querySelectorAll(".menu > li");
    for (var i = 0; i < menus.length; i++) {
      menus[i].addEventListener("mouseover", function (event) { event.currentTarget.className = "open"; });
      menus[i].addEventListener("mouseout", function (event) { event.currentTarget.className = ""; });
    }
    var box = document.getElementById("q");
    if (box) { box.addEventListener("input", function () { site.track("typed", box.value.length); }); }
  });
})(window.site);
"""


def _menu() -> str:
    entries = []
    for title, names in _MENU.items():
        items = (f'<li><a class="item" href="/{title.lower()}/{name.lower()}/">{name}</a></li>' for name in names)
        entries.append(f'<li><span class="item">{title}</span><ul class="list">{"".join(items)}</ul></li>')
    return f'<ul class="menu">{"".join(entries)}</ul>'


def _section(kind: str, heading: str, text: str) -> str:
    lines = [escape(line) for line in text.split("\n")]
    title = f'<h3 class="section-title">{escape(heading)}</h3>\n'
    if kind in _PROSE:
        return title + "".join(f"<p>{line}</p>\n" for line in lines)
    tag = "ol" if kind in _ORDERED else "ul"
    return f"{title}<{tag}>\n" + "".join(f"<li>{line}</li>\n" for line in lines) + f"</{tag}>\n"


def _similar(number: int) -> str:
    items = []
    for other in range(number + 1, number + 9):
        system, code = code_of(other)
        link = f'<a href="/codes/{system}/{code}" class="item code-link" data-system="{system}">{code}</a>'
        items.append(
            f'<li class="item">{link} <span class="note">{_SYSTEM_LABELS[system]}, often billed together</span></li>'
        )
    return f'<h3>Similar Codes</h3>\n<span>total {len(items)}</span>\n<ul class="list">{"".join(items)}</ul>'


def render(page: Page, number: int) -> str:
    """The HTML document of a page."""
    system, code, name = page["system"], page["code"], escape(page["name"])
    descriptor, address = escape(page["descriptor"]), f"https://codes.example.org/codes/{system}/{code}"
    names = "".join(f"<li>Common Name: {escape(each)}</li>\n" for each in page["common_names"])
    names += "".join(f"<li>Medical Term: {escape(each)}</li>\n" for each in page["medical_terms"])
    sections = "".join(_section(each["kind"], each["heading"], each["text"]) for each in page["sections"])
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{code} - {name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{descriptor}"><meta property="og:title" content="{name}">
<meta property="og:url" content="{address}"><link rel="canonical" href="{address}">
<style>{_CSS}</style><script>{_SCRIPT}</script></head>
<body><header class="top"><a href="/">Codes</a>{_menu()}
<form action="/search"><input id="q" name="q" type="search"><button>Search</button></form></header>
<nav class="crumbs"><a href="/">Home</a> &rsaquo; <a href="/codes/{system}">{system}</a> &rsaquo; <b>{code}</b></nav>
<main class="page"><p><a href="/search">Search all medical codes</a></p>
<h1>{descriptor}</h1>
<p class="note">{_SYSTEM_LABELS[system]}</p>
<article><h3>Name of the Procedure:</h3>
<p>{name}</p>
<ul>
{names}</ul>
{sections}</article>
<aside class="codes">{_similar(number)}</aside></main>
<footer class="foot"><p>&copy; Example Codes. Descriptions are generated for benchmarks and describe nothing.</p>
<ul class="list"><li><a href="/about">About</a></li><li><a href="/terms">Terms of use</a></li>
<li><a href="/privacy">Privacy</a></li><li><a href="/contact">Contact</a></li></ul>
<p class="share"><a href="#" data-share="mail">Mail</a> <a href="#" data-share="print">Print</a></p></footer>
</body></html>
"""


def html_folder(workdir: Path, count: int) -> Path:
    """A folder of the first ``count`` pages as HTML files, written at the first call."""
    folder = workdir / f"html-{count}"
    if not folder.exists():
        unfinished = workdir / f"html-{count}.unfinished"
        unfinished.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(generate(count)):
            (unfinished / f"{number:07d}.html").write_text(render(page, number), encoding="utf-8")
        unfinished.rename(folder)
    return folder
