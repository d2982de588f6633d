"""Ten thousand conversations on one desk: drawn a screenful at a time, and each key answered at once.

No agent has so many, so the socket is played by the test; the desk in front of it is the real one.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.visitor import Floor

expect.set_options(timeout=30_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(120)]

ROWS = 10_000
MOST_MS = 100
KEYS = 20

_PRESS = """async () => {
  const before = document.querySelector('.row-button[aria-current=true]')?.dataset.conversation
  const began = performance.now()
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', code: 'KeyJ', altKey: true, bubbles: true}))
  while (document.querySelector('.row-button[aria-current=true]')?.dataset.conversation === before)
    await new Promise(requestAnimationFrame)
  return performance.now() - began
}"""


def _welcome(me: dict[str, Any]) -> str:
    """A snapshot of so many conversations, all this agent's."""
    rows = [
        {
            "version": 1,
            "messages": [],
            "conversation": {
                "id": f"0-{number:032x}", "thread": "", "account": "sms-main", "channel": "twilio-sms",
                "contact": f"+371{number:08d}", "display": "", "status": "active", "queue": "support", "version": 1,
                "requirement": "support|twilio-sms|1|", "weight": 1, "priority": 0, "due": number + 1,
                "owner": me["id"], "replied_at": 1, "opened_at": 1,
            },
        }
        for number in range(ROWS)
    ]  # fmt: skip
    return json.dumps(
        {
            "type": "welcome", "epoch": "e", "sequence": 0, "resumed": False, "heartbeat_s": 15, "agent": me,
            "presence": "available", "snapshot": {"conversations": rows},
        }
    )  # fmt: skip


async def test_ten_thousand_rows_are_walked_by_key_without_waiting(floor: Floor) -> None:
    seat = await floor.seat()
    page = seat.page

    def play(socket: WebSocketRoute) -> None:
        def told(message: str | bytes) -> None:
            if json.loads(message)["type"] == "hello":
                socket.send(_welcome(seat.person.me))

        socket.on_message(told)

    await page.route_web_socket("**/api/v1/desk", play)
    await page.reload()
    await expect(page.locator(".list-head")).to_contain_text("10,000")
    assert await page.locator(".row-button").count() < 100  # a screenful, not all

    taken = [await page.evaluate(_PRESS) for _ in range(KEYS)]

    assert statistics.median(taken) <= MOST_MS, taken
    chosen = page.locator(".row-button[aria-current=true]")
    await expect(chosen).to_have_attribute("data-conversation", f"0-{KEYS - 1:032x}")
    await expect(chosen).to_be_in_viewport()
