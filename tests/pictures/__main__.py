"""`make pictures`: the pictures of docs/pictures, taken anew from the demo by the system's Chromium.

The words and figures in them are the demo's of that minute; sizes, languages and what is shown are always the same.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from tests.browser.chromium import FLAGS, chromium
from tests.pictures.demo import demo
from tests.pictures.scenes import all_scenes
from trunkline.testing.deployment import ROOT

_FOLDER = ROOT / "docs" / "pictures"


async def _take(program: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="trunkline-pictures-") as data:
        async with demo(Path(data)) as places, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            await all_scenes(browser, places, folder)
            await browser.close()


def main() -> int:
    """Take them; 0 when all are there, 1 where there is no Chromium."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description="Take the pictures of the documents.")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help=f"where they go (default {_FOLDER.name})")
    chosen = parser.parse_args()
    program = chromium()
    if program is None:
        sys.stderr.write("no Chromium here; on Debian: apt-get install chromium\n")
        return 1
    chosen.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_take(program, chosen.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
