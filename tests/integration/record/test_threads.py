"""A thread as its contact reads it: dense in each conversation, conversations one after another."""

from __future__ import annotations

from datetime import timedelta

from services.agents.repository import Place, Repository
from tests.integration.record.stories import Log, Talk

THREAD = "sms-main:+37120000001"


async def told(record: Repository, log: Log) -> tuple[Talk, Talk]:
    """Two conversations of one thread, the first of three messages, the second of two; and somebody else's."""
    first, other = Talk(log), Talk(log, contact="+37120000009")
    events = [first.opens("one"), other.opens("else"), first.replies(first.outbound("two")), first.writes("three")]
    log.clock += timedelta(days=1)
    second = Talk(log)
    events += [second.opens("four"), second.replies(second.outbound("five"))]
    await record.projection.apply(events)
    return first, second


async def test_after_a_place_comes_all_that_follows_over_all_conversations(record: Repository, log: Log) -> None:
    first, second = await told(record, log)
    names = [(first.state.id, 1), (first.state.id, 2), (first.state.id, 3), (second.state.id, 1), (second.state.id, 2)]
    for at, (conversation, number) in enumerate(names):
        since = await record.threads.since(THREAD, Place(conversation=conversation, number=number))
        assert since.resumed
        assert not since.more
        assert [(one.conversation, one.sequence) for one in since.messages] == names[at + 1 :]


async def test_without_a_place_or_from_a_strangers_the_newest_are_read(record: Repository, log: Log) -> None:
    first, second = await told(record, log)
    for place in (None, Place(conversation="0-" + "f" * 32, number=1)):
        since = await record.threads.since(THREAD, place)
        assert not since.resumed
        assert [one.conversation for one in since.messages] == [first.state.id] * 3 + [second.state.id] * 2
    stranger = await record.threads.since("sms-main:+37120000009", Place(conversation=first.state.id, number=1))
    assert not stranger.resumed, "another thread's place tells nothing"
    assert [one.sequence for one in stranger.messages] == [1]


async def test_the_ends_of_threads_are_their_latest_messages(record: Repository, log: Log) -> None:
    _, second = await told(record, log)
    ends = await record.threads.ends([THREAD, "sms-main:nobody"])

    assert ends == {THREAD: Place(conversation=second.state.id, number=2)}


async def test_a_long_thread_is_read_on_in_pieces(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens("1"), *(talk.writes(str(number)) for number in range(2, 251))])
    place, seen = Place(conversation=talk.state.id, number=1), 1
    while True:
        since = await record.threads.since(THREAD, place)
        assert [one.sequence for one in since.messages] == list(range(seen + 1, seen + 1 + len(since.messages)))
        seen += len(since.messages)
        place = Place(conversation=talk.state.id, number=seen)
        if not since.more:
            break
    assert seen == 250
    newest = await record.threads.since(THREAD, None)
    assert [one.sequence for one in newest.messages] == list(range(151, 251))
