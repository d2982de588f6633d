"""The demo's canned replies: what its people say most often, in three languages, for whoever tries Alt+I."""

# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

from typing import Any, Final

from trunkline.demo.api import DeskSession, Refused
from trunkline.demo.stories import BILLING, Language

_EN, _TR, _LV = Language.ENGLISH, Language.TURKISH, Language.LATVIAN


def _reply(shortcut: str, language: Language, title: str, text: str, queue: str = "") -> dict[str, Any]:
    return {
        "shortcut": f"{shortcut}-{language.value}", "title": title, "text": text, "queue": queue,
        "locale": language.value,
    }  # fmt: skip


SHELF: Final = (
    _reply("hello", _EN, "Greeting", "Hello, this is {agent}. How can I help?"),
    _reply("hello", _TR, "Karşılama", "Merhaba, ben {agent}. Nasıl yardımcı olabilirim?"),
    _reply("hello", _LV, "Sasveicināšanās", "Labdien, te {agent}. Kā varu palīdzēt?"),
    _reply("order", _EN, "Which order?", "Could you tell me the order number, please?"),
    _reply("order", _TR, "Hangi sipariş?", "Sipariş numaranızı yazar mısınız?"),
    _reply("order", _LV, "Kurš pasūtījums?", "Lūdzu, uzrakstiet pasūtījuma numuru."),
    _reply("booked", _EN, "Refund is booked", "It is booked: the money is on your account in three days.", BILLING),
    _reply("booked", _TR, "İade yapıldı", "İade işlendi: para üç gün içinde hesabınızda olur.", BILLING),
    _reply("booked", _LV, "Atmaksa nosūtīta", "Atmaksa ir nosūtīta: nauda kontā būs trīs dienu laikā.", BILLING),
)
"""As the API of canned replies takes them."""


async def stock(session: DeskSession) -> int:
    """Put them all there if there is no canned reply at all; how many were added. What people wrote stays alone.

    Refused, or one of UNREACHABLE, if it cannot be done; then do it again.
    """
    if (await session.call("GET", "/api/v1/canned-replies"))["items"]:
        return 0
    for reply in SHELF:
        try:
            await session.call("POST", "/api/v1/canned-replies", reply)
        except Refused as refusal:
            if refusal.code != "shortcut-taken":  # taken: another demo was quicker
                raise
    return len(SHELF)
