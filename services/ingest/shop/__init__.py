"""The demo's shop: one page with the widget on it, in each of the demo's languages, under the strictest of policies.

Only `make run` with its demo switches it on; a real shop's page is the shop's.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from string import Template
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

_HERE = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
ACCOUNT: Final = "chat-shop"


def router() -> APIRouter:
    """`/demo`, `/demo/tr` and `/demo/lv`, and their style sheet."""
    routes = APIRouter(include_in_schema=False)
    words = json.loads((_HERE / "words.json").read_text(encoding="utf-8"))
    page = Template((_HERE / "shop.html").read_text(encoding="utf-8"))

    @routes.get("/demo/shop.css")
    async def style() -> FileResponse:
        return FileResponse(_HERE / "shop.css", media_type="text/css")

    @routes.get("/demo")
    @routes.get("/demo/{language}")
    async def shop(language: str = "en") -> HTMLResponse:
        known = language if language in words else "en"
        safe = {name: html.escape(text) for name, text in words[known].items()}
        body = page.substitute(safe, language=known, account=ACCOUNT)
        headers = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff"}
        return HTMLResponse(body, headers=headers)

    return routes
