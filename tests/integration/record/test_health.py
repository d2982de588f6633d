"""How well an account carries messages, as the record knows it: within a day, and each account for itself."""

from __future__ import annotations

from datetime import timedelta

from services.agents.repository import AccountHealth, ChannelLine, Repository
from services.agents.repository.health import WITHIN

from .stories import ACCOUNT, Log, Talk


async def test_what_came_what_went_and_what_was_lost_is_counted(record: Repository, log: Log) -> None:
    talk = Talk(log)
    opened = talk.opens()
    written, replies = [], []
    for words in ("One", "Two", "Three", "Four"):
        replies.append(talk.outbound(words))  # at the log's clock, which each event sets on
        written.append(talk.replies(replies[-1]))
    sent, lost, last_lost, _ = replies
    became = [
        talk.sent(sent, "SM1"),
        talk.failed(lost, text="unreachable"),
        talk.failed(last_lost, text="unsubscribed"),
    ]
    await record.projection.apply([opened, *written, *became])
    await record.channel_log.add([ChannelLine(account=ACCOUNT, kind="forged", reason="no signature", at=log.clock)])

    [health] = await record.health.of([ACCOUNT], now=log.clock)

    assert (health.sent, health.failed, health.under_way, health.refused) == (1, 2, 1, 1)
    assert health.last_inbound_at is not None
    assert health.last_sent_at is not None
    assert health.last_failed_at is not None
    assert health.last_inbound_at < health.last_sent_at < health.last_failed_at
    assert health.last_failure == "unsubscribed"


async def test_an_account_is_quiet_where_nothing_happened_within_a_day(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply), talk.failed(reply)])
    await record.channel_log.add([ChannelLine(account="other", kind="broken", reason="no form", at=log.clock)])

    here, other = await record.health.of([ACCOUNT, "other"], now=log.clock + timedelta(hours=1))
    later = await record.health.of([ACCOUNT, "other"], now=log.clock + WITHIN + timedelta(minutes=1))

    assert (here.failed, here.refused, other.failed, other.refused) == (1, 0, 0, 1)
    assert later == [AccountHealth(account=ACCOUNT), AccountHealth(account="other")]
