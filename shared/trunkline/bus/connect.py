"""From a URL to a bus."""

from __future__ import annotations

from urllib.parse import urlsplit

from trunkline.bus.base import Bus, BusError


def connect(url: str, *, deployment: str, shards: int, session_timeout_s: float = 6.0) -> Bus:
    """The bus behind a URL: `redis://host:port/db` or `kafka://host:port[,host:port…]`.

    Not connected yet: enter it. The client libraries are imported on demand, so an image carries one of them.
    """
    scheme = urlsplit(url).scheme
    if scheme == "kafka":
        from trunkline.bus.kafka import KafkaBus  # noqa: PLC0415  an embedded deployment needs no Kafka client

        servers = url.removeprefix("kafka://").rstrip("/")
        return KafkaBus(servers, deployment=deployment, shards=shards, session_timeout_s=session_timeout_s)
    if scheme in {"redis", "rediss", "unix"}:
        from trunkline.bus.streams import StreamsBus  # noqa: PLC0415  see above

        return StreamsBus(url, deployment=deployment, shards=shards, session_timeout_s=session_timeout_s)
    raise BusError(f"TRUNKLINE_LOG_URL must begin with kafka:// or redis://, not {scheme or 'nothing'}://")
