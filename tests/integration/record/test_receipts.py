"""What became of a reply: the same answer whatever order the news came in, and never a step back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository import Message, ProjectedRecord, Repository
from services.agents.tables import DELIVERIES, DELIVERY_PARTS, PENDING_RECEIPTS
from trunkline.events import FailureDetails, ReplyFailed, Topic
from trunkline.messages import DeliveryStatus

from .stories import Log, Talk

ACCEPTED, SENT, DELIVERED, READ, FAILED = (
    DeliveryStatus.ACCEPTED,
    DeliveryStatus.SENT,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.READ,
    DeliveryStatus.FAILED,
)


async def _reply(record: Repository, talk: Talk) -> Message:
    transcript = await record.conversations.transcript(talk.id)
    assert transcript is not None
    return transcript.messages[-1]


async def _pending(record: Repository) -> int:
    async with record.database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(PENDING_RECEIPTS)) or 0)


async def test_a_reply_goes_from_written_to_read(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    seen = []
    steps = [
        [talk.opens(), talk.replies(reply)],
        [talk.accepted(reply, 0, 1, "SM1")],
        [talk.sent(reply, "SM1")],
        [talk.receipt("SM1", DELIVERED)],
        [talk.receipt("SM1", READ, message=reply.id)],
        [talk.receipt("SM1", SENT)],
    ]
    for step in steps:
        await record.projection.apply(step)
        seen.append((await _reply(record, talk)).status)

    assert seen == [None, ACCEPTED, SENT, DELIVERED, READ, READ]
    assert (await _reply(record, talk)).provider_ids == ("SM1",)


def _story(log: Log) -> tuple[Talk, list[list[ProjectedRecord]]]:
    """A reply in two parts: what notify wrote, in its order, and what ingest wrote, in no order."""
    talk = Talk(log)
    reply = talk.outbound("Hi")
    routing = [talk.opens(), talk.replies(reply)]
    sending = [
        talk.accepted(reply, 0, 2, "SM1"),
        talk.accepted(reply, 1, 2, "SM2", status=SENT, possible_duplicate=True),
        talk.sent(reply, "SM1", "SM2"),
    ]
    receipts = [
        talk.receipt("SM1", SENT),
        talk.receipt("SM1", DELIVERED, message=reply.id, part=0),
        talk.receipt("SM2", FAILED, code="30003", text="unreachable"),
        talk.receipt("SM2", DELIVERED, message=reply.id, part=1),
        talk.receipt("SM2", READ),
        # The first attempt of part 1, whose outcome nobody knew: its failure is not the repeat's.
        talk.receipt("SM0", FAILED, message=reply.id, part=1, code="30001"),
    ]
    return talk, [routing, sending, *([each] for each in receipts)]


@st.composite
def _orders(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """An interleaving of the eight sources (each keeps its own order), and where batches end."""
    sources = [0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7]
    order = draw(st.permutations(sources))
    cuts = draw(st.lists(st.integers(1, len(sources) - 1), max_size=4, unique=True).map(sorted))
    return list(order), cuts


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=_orders())
async def test_every_order_of_news_ends_in_the_same_status(
    record: Repository, plan: tuple[list[int], list[int]]
) -> None:
    order, cuts = plan
    talk, sources = _story(Log())
    queues = [list(source) for source in sources]
    news = [queues[source].pop(0) for source in order]
    start = await _next_offsets(record)
    offsets = dict(start)
    placed = []
    for each in news:
        placed.append(replace(each, offset=offsets[each.topic]))
        offsets[each.topic] += 1
    for first, end in zip([0, *cuts], [*cuts, len(placed)], strict=True):
        await record.projection.apply(placed[first:end])

    reply = await _reply(record, talk)

    assert reply.status is DELIVERED
    assert (reply.status_code, reply.possible_duplicate) == (None, True)
    assert set(reply.provider_ids) == {"SM0", "SM1", "SM2"}
    assert await _pending(record) == 0
    await _forget(record)


async def _next_offsets(record: Repository) -> dict[Topic, int]:
    return {
        topic: (positions[0].offset if 0 in positions else 0)
        for topic in (Topic.ROUTING, Topic.DELIVERIES)
        for positions in [await record.projection.positions(topic)]
    }


async def _forget(record: Repository) -> None:
    """Provider ids are used again by the next example: let this one's be gone."""

    async def work(connection: AsyncConnection) -> None:
        for table in (DELIVERY_PARTS, DELIVERIES):
            await connection.execute(table.delete())

    await record.database.write(work)


@pytest.mark.parametrize("together", [True, False])
async def test_news_that_come_before_the_message_wait_for_it(record: Repository, log: Log, *, together: bool) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    early = [talk.receipt("SM1", DELIVERED), talk.accepted(reply, 0, 1, "SM1"), talk.sent(reply, "SM1")]
    story = [talk.opens(), talk.replies(reply)]

    for batch in [early + story] if together else [[each] for each in early + story]:
        await record.projection.apply(batch)

    assert (await _reply(record, talk)).status is DELIVERED
    assert await _pending(record) == 0


async def test_a_receipt_nobody_knows_waits_until_retention_ends(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens(), talk.receipt("SM-other", SENT), talk.receipt("SM-other", DELIVERED)])
    assert await _pending(record) == 1

    assert await record.projection.prune(before=log.clock - timedelta(days=1)) == 0
    assert await record.projection.prune(before=log.clock + timedelta(days=1)) == 1
    assert await _pending(record) == 0


async def test_ids_of_another_account_are_other_ids(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    stranger = replace(talk.receipt("SM1", READ))
    stranger = replace(stranger, value=stranger.value.replace(b'"sms-main"', b'"sms-other"'))

    await record.projection.apply(
        [talk.opens(), talk.replies(reply), stranger, talk.accepted(reply, 0, 1, "SM1"), talk.sent(reply, "SM1")]
    )

    assert (await _reply(record, talk)).status is SENT
    assert await _pending(record) == 1


async def test_a_reply_is_not_delivered_while_a_part_is_missing(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    seen = []
    for batch in [
        [talk.opens(), talk.replies(reply), talk.accepted(reply, 0, 2, "SM1")],
        [talk.receipt("SM1", DELIVERED)],
        [talk.accepted(reply, 1, 2, "SM2")],
        [talk.sent(reply, "SM1", "SM2")],
        [talk.receipt("SM2", DELIVERED)],
    ]:
        await record.projection.apply(batch)
        seen.append((await _reply(record, talk)).status)

    assert seen == [ACCEPTED, ACCEPTED, ACCEPTED, SENT, DELIVERED]


async def test_a_reply_sent_without_a_word_of_its_steps_is_sent(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply), talk.sent(reply, "SM1")])
    assert (await _reply(record, talk)).status is SENT

    await record.projection.apply([talk.receipt("SM1", DELIVERED)])

    assert (await _reply(record, talk)).status is DELIVERED


async def test_parts_without_provider_ids_count_too(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    parts = [talk.accepted(reply, part, 2, status=SENT) for part in range(2)]

    await record.projection.apply([talk.opens(), talk.replies(reply), *parts])

    answer = await _reply(record, talk)
    assert (answer.status, answer.provider_ids) == (SENT, ())


async def test_a_failure_says_why_and_a_delivery_is_the_stronger_fact(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply), talk.failed(reply)])
    failed = await _reply(record, talk)

    await record.projection.apply([talk.receipt("SM1", DELIVERED, message=reply.id)])
    delivered = await _reply(record, talk)

    assert (failed.status, failed.status_code, failed.status_text) == (FAILED, "21610", "unsubscribed")
    assert (delivered.status, delivered.status_code, delivered.status_text) == (DELIVERED, None, None)


async def test_a_part_that_failed_by_receipt_fails_the_reply(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    sent = [talk.accepted(reply, 0, 1, "SM1"), talk.sent(reply, "SM1")]
    lost = talk.receipt("SM1", FAILED, code="30003", text="unreachable")

    await record.projection.apply([talk.opens(), talk.replies(reply), *sent, lost])

    failed = await _reply(record, talk)
    assert (failed.status, failed.status_code, failed.status_text) == (FAILED, "30003", "unreachable")


async def test_the_routers_word_that_a_reply_failed_counts_also(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    failure = FailureDetails(message=reply.id, kind="expired", code=None, text="too late")

    await record.projection.apply([talk.opens(), talk.replies(reply), talk.step(ReplyFailed, details=failure)])

    failed = await _reply(record, talk)
    assert (failed.status, failed.status_text) == (FAILED, "too late")
