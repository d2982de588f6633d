"""aiokafka's connections, tamed: no storm of them while a broker is away, and none that outlives its client.

After a clean stop of a broker the client tries to connect again about 2 700 times a second, and starves the broker
that is starting (measured). And a client that is closed while it makes a connection, or that a task of its own asks
for one later, leaves that connection open: it closes only those it has. It has no setting for either, so we stand in
the one function every connection goes through.
"""

from __future__ import annotations

import asyncio
from typing import Any

_FIRST_S = 0.05
_MOST_S = 1.0


def tame(client: Any) -> None:
    """Give an AIOKafkaClient a back-off between connection attempts, and let its end be the end of all of them."""
    connections = _Connections(client)
    client._get_conn = connections.get  # noqa: SLF001  see above
    client.close = connections.close


class _Connections:
    """Those of one client. A failure keeps later tries waiting, 50 ms doubling to 1 s, until one succeeds."""

    def __init__(self, client: Any) -> None:
        self._known = client._conns  # noqa: SLF001  see above
        self._connect = client._get_conn  # noqa: SLF001  see above
        self._close = client.close
        self._making: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._pause_s = 0.0
        self._retry_at = 0.0

    async def get(self, node_id: Any, **options: Any) -> Any:
        """The connection to a broker, made if need be; None if it could not be had, or the client is closed."""
        known = self._known.get((node_id, options.get("group", 0)))
        connection = known if known is not None and known.connected() else await self._made(node_id, **options)
        if connection is not None:
            self._pause_s = self._retry_at = 0.0
        return connection

    async def _made(self, node_id: Any, **options: Any) -> Any:
        loop = asyncio.get_running_loop()
        if (wait_s := self._retry_at - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        if self._closed:
            return None
        making = asyncio.create_task(self._connect(node_id, **options))
        self._making.add(making)
        connection = None
        try:
            connection = await making
        except asyncio.CancelledError:
            asked = asyncio.current_task()
            if asked is None or asked.cancelling():
                raise  # who asked was cancelled, not the making alone
        finally:
            self._making.discard(making)
            if connection is None:
                self._pause_s = min(_MOST_S, max(_FIRST_S, self._pause_s * 2))
                self._retry_at = loop.time() + self._pause_s
        return connection

    async def close(self) -> None:
        """Close every connection, also those that are being made; from now on none is made."""
        self._closed = True
        for making in self._making:
            making.cancel()
        if self._making:
            await asyncio.wait(self._making)
        await self._close()
