# ruff: noqa: E501 - markup is drawn as it stands on pages
"""Pages as scrapers keep them: a known procedure in one of the shapes, with its code where sites put codes.

Every page of HTML stands among noise: text with a word of ``NOISE`` in it, of which nothing may be found in what is parsed.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .drawing import e, label
from .html_shapes import HTML_SHAPES
from .text_shapes import TEXT_SHAPES
from .truths import Truth

NOISE = ("zorblatt", "quuxly", "frobnitz", "wibblesome")
NEEDS_OTHER_WORDINGS = {
    "other wordings in h3",
    "other wordings in bold",
    "other wordings in divs",
    "named after the procedure",
}


class Page(NamedTuple):
    """A page as a scraper keeps it."""

    data: bytes
    source: str
    url: str | None = None
    content_type: str | None = None


NOISE_ABOVE = (
    '<nav class="navbar"><ul><li><a href="/">Zorblatt home</a></li><li><a href="/risks">Risks</a></li></ul></nav>',
    '<header class="site-header"><a class="logo" href="/">Quuxly Codes</a><form role="search"><label>Quuxly</label></form></header>',
    '<div class="breadcrumbs"><a href="/">Home</a> &rsaquo; <a href="/code">Zorblatt codes</a></div>',
    '<div id="cookie-notice" role="dialog"><h2>Cookies zorblatt</h2><p>We use frobnitz cookies.</p><button>Accept</button></div>',
    "<script>var zorblatt = '<h2>Risks</h2><p>quuxly</p>';</script><style>.quuxly{color:red}</style>",
    '<div class="ad-slot advertisement"><p>Buy wibblesome pills for your Recovery</p></div>',
    '<a class="skip-link screen-reader-text" href="#main">Skip to zorblatt</a>',
    '<div style="display: none"><p>wibblesome hidden</p></div><noscript>Enable quuxly</noscript>',
    '<div class="tableOfContents toc"><p>On this page</p><ol><li><a href="#s">Summary</a></li><li><a href="#r">Risks</a></li></ol></div>',
)
NOISE_BELOW = (
    '<div class="related-posts"><h3>Related articles</h3><ul><li><a href="/a">Benefits of quuxly</a></li></ul></div>',
    '<h3>You may also like</h3><ul><li><a href="/z">Zorblatt surgery</a></li><li><a href="/y">Quuxly repair</a></li></ul>',
    "<aside><h4>Benefits</h4><p>Our wibblesome newsletter.</p></aside>",
    '<footer><p>&copy; 2024 Zorblatt Inc., 555-123-4567, Springfield 90210</p><a href="/privacy">quuxly</a></footer>',
    '<div class="share-buttons"><button>Share</button><a href="#">Quuxly share</a></div>',
    '<section id="comments"><h3>2 Comments</h3><p>Frobnitz says: great Recovery</p></section>',
    '<div class="newsletter-signup"><h3>Subscribe</h3><p>Get wibblesome news</p><input type="email"></div>',
    '<div role="contentinfo"><p>CPT is a wibblesome trademark, code 12345</p></div>',
    '<ul><li><a href="/about">About quuxly</a></li><li><a href="/c">Contact zorblatt</a></li><li><a href="/p">Quuxly jobs</a></li></ul>',
)
CODE_PLACES = ("canonical", "url", "meta", "text", "file", "system file", "json-ld", "og:url")


def html_page(shape: str, t: Truth, rng: Random) -> Page:
    """The page of one HTML shape among noise, with its code in one of the places where sites put it."""
    main = HTML_SHAPES[shape](t, rng)
    above = "\n".join(rng.sample(NOISE_ABOVE, k=rng.randint(1, 5)))
    below = "\n".join(rng.sample(NOISE_BELOW, k=rng.randint(1, 5)))
    place = rng.choice(CODE_PLACES[:5] if t.system == "ICD9Proc" else CODE_PLACES)
    address = f"https://codes.example/code/{t.system.lower()}/{t.code}-{t.slug}"
    head, source, url = f"<title>{e(t.name)} | Zorblatt</title>", "pages/some-page.html", None
    if place == "canonical":
        head += f'<link rel="canonical" href="{address}">'
    elif place == "og:url":
        head += f'<meta property="og:url" content="{address}/">'
    elif place == "url":
        url = address
    elif place == "meta":
        head += f'<meta name="procedure-code" content="{t.code}">'
    elif place == "json-ld":
        head += (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"MedicalProcedure","name":"zorblatt",'
            f'"code":{{"@type":"MedicalCode","codeValue":"{t.code}","codingSystem":"{t.system}"}}}}</script>'
        )
    elif place == "text":
        main = main.replace(label(t.system), f"{label(t.system)}: {t.code}", 1) if ": " + t.code not in main else main
    elif place == "file":
        source = f"pages/{t.code}.html"
    else:
        source = f"pages/{t.system.lower()}{rng.choice('-_')}{t.code}.html"
    if rng.random() < 0.5:
        main = f'<div class="container"><div id="main-content">{main}</div></div>'
    document = f"<html lang=en><head>{head}</head><body class='has-sidebar nav-open'>{above}{main}{below}</body></html>"
    return _encoded(document, source, url, rng)


def text_page(shape: str, t: Truth, rng: Random) -> Page:
    """The page of one text shape, with its code in the file name, the address or the front matter."""
    text = TEXT_SHAPES[shape](t, rng)
    ending = "md" if "markdown" in shape else "txt"
    place = rng.choice(("file", "url", "front matter" if ending == "md" else "file"))
    if place == "front matter":
        text = f"---\nsystem: {t.system}\ncode: {t.code}\n---\n{text}"
    url = f"https://codes.example/code/{t.system.lower()}/{t.code}-{t.slug}" if place == "url" else None
    name = f"{t.system.lower()}-{t.code}" if place == "file" else "a-page"
    return Page(text.encode(rng.choice(("utf-8", "utf-8-sig", "utf-16"))), f"pages/{name}.{ending}", url)


def _encoded(document: str, source: str, url: str | None, rng: Random) -> Page:
    charset = rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "declared in the carrier", "wrong"))
    if charset == "cp1252":
        declared = document.replace(
            "<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'
        )
        return Page(declared.encode("cp1252", "xmlcharrefreplace"), source, url)
    if charset == "declared in the carrier":
        return Page(document.encode("iso-8859-15", "xmlcharrefreplace"), source, url, "text/html; charset=ISO-8859-15")
    if charset == "wrong":
        return Page(document.replace("<head>", "<head><meta charset='iso-8859-1'>").encode(), source, url, "text/html")
    return Page(document.encode(charset), source, url)
