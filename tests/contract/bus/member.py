"""A member in a process of its own: `python -m tests.contract.bus.member URL DEPLOYMENT SHARDS SESSION_S NAME`.

Each line it prints is what it owns from then on.
"""

from __future__ import annotations

import asyncio
import sys

from trunkline.bus import connect
from trunkline.events import Topic


async def main(url: str, deployment: str, shards: str, session: str, name: str) -> None:
    bus = connect(url, deployment=deployment, shards=int(shards), session_timeout_s=float(session))
    async with bus, bus.membership(Topic.INBOUND, "routers", name) as member:
        while True:
            print("owned", *sorted(await member.changed()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
