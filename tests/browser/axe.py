"""What axe finds wrong with a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

_AXE: Final = Path(__file__).resolve().parents[2] / "services/agents/desktop/node_modules/axe-core/axe.min.js"
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page) -> list[str]:
    """What axe says is wrong: the rule and where."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text(encoding="utf-8"))  # not as a script: our own policy would not run it
    result: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _TAGS
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
