"""aiokafka's reconnect storm, tamed.

After a clean stop of a broker the client tries to connect again about 2 700 times a second, and starves the broker
that is starting (measured). It has no setting for it, so we slow down the one function every connection goes
through: a failure keeps later tries waiting, 50 ms doubling to 1 s, until one succeeds.
"""

from __future__ import annotations

import asyncio
from typing import Any

_FIRST_S = 0.05
_MOST_S = 1.0


def tame(client: Any) -> None:
    """Give an AIOKafkaClient a back-off between connection attempts."""
    connect = client._get_conn  # noqa: SLF001  see above
    pause = 0.0
    retry_at = 0.0

    async def patient(node_id: Any, **options: Any) -> Any:
        nonlocal pause, retry_at
        loop = asyncio.get_running_loop()
        known = client._conns.get((node_id, options.get("group", 0)))  # noqa: SLF001  see above
        if (known is None or not known.connected()) and (wait := retry_at - loop.time()) > 0:
            await asyncio.sleep(wait)
        connection = None
        try:
            connection = await connect(node_id, **options)
        finally:
            if connection is None:
                pause = min(_MOST_S, max(_FIRST_S, pause * 2))
                retry_at = loop.time() + pause
            else:
                pause = retry_at = 0.0
        return connection

    client._get_conn = patient  # noqa: SLF001  see above
