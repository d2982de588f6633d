"""The agents' moves: one typed function a verb, of the same name as in `lua/`.

Each takes an operation id: made twice, it gives the first answer again and changes nothing. Refusals are answers
(`Answer.code`), not exceptions: gone, taken, late, not-yours, unknown, opted-out, absent, no-room, own, past,
open, asked, enough, behind, hours, draining.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.board.client import Answer, Board, answer_of, safe
from trunkline.events import DrainDetails, Presence, Profile, ProfileDetails
from trunkline.ids import shard_of
from trunkline.messages import Address


def traced(verb: str, trace: str) -> str:
    """The verb with the W3C traceparent its events shall carry."""
    return f"{verb}@{trace}" if trace else verb


async def accept(board: Board, *, operation: str, agent: str, conversation: str, fence: int, trace: str = "") -> Answer:
    """Own the offered conversation; `gone` or `late` when this very offer is no longer open to this agent.

    `taken` when another of several who were asked was quicker.
    """
    answers = (safe(operation), safe(agent), safe(conversation), str(fence))
    return await board.move(traced("accept", trace), *answers)


async def decline(
    board: Board, *, operation: str, agent: str, conversation: str, fence: int, reason: str, trace: str = ""
) -> Answer:
    """Refuse the offer; it goes to the next agent at its old place in the line, a transfer back to its sender.

    Others who were asked at once still are.
    """
    answers = (safe(operation), safe(agent), safe(conversation), str(fence), reason[:200])
    return await board.move(traced("decline", trace), *answers)


async def shown(board: Board, *, agent: str, conversation: str, fence: int) -> Answer:
    """The client showed the offer to a person: from now on missing it counts."""
    return answer_of(await board.call("shown", "", safe(agent), safe(conversation), str(fence)))


async def reply(board: Board, *, operation: str, agent: str, conversation: str, body: bytes, trace: str = "") -> Answer:
    """Say something to the contact; `body` is the finished `ReplyDetails`, its message id the operation's."""
    return await board.move(traced("reply", trace), safe(operation), safe(agent), safe(conversation), body)


async def transfer_to_agent(
    board: Board, *, operation: str, agent: str, conversation: str, to: str, body: bytes, trace: str = ""
) -> Answer:
    """Pass it on to a present agent with room; the sender owns it until it is accepted."""
    return await board.move(
        traced("transfer_to_agent", trace), safe(operation), safe(agent), safe(conversation), safe(to), body
    )


async def transfer_to_queue(
    board: Board,
    *,
    operation: str,
    agent: str,
    conversation: str,
    queue: str,
    requirement: str,
    weight: int,
    limits: str,
    body: bytes,
    ladder: str = "",
    reason: str = "transfer",
    clocks: str = "",
    say: str = "",
    trace: str = "",
) -> Answer:
    """Pass it on to a queue, at once, keeping its age; it does not come straight back to the sender.

    `ladder` as of `trunkline.widening`: it begins anew, for it counts the time in this line. `clocks` as of
    `trunkline.route`; `hours`: their calendar must be told first (`trunkline.board.hours`). `say`: the kind of words
    that the customer is told if they have to wait.
    """
    told = safe(say) if say else ""
    arguments = (safe(queue), requirement, str(weight), limits, ladder, body, safe(reason), clocks, told)
    return await board.move(
        traced("transfer_to_queue", trace), safe(operation), safe(agent), safe(conversation), *arguments
    )


async def wrap_up(board: Board, *, operation: str, agent: str, conversation: str, trace: str = "") -> Answer:
    """Done with the customer, writing up: room stays held until close or the queue's time is over."""
    return await board.move(traced("wrap_up", trace), safe(operation), safe(agent), safe(conversation))


async def snooze(
    board: Board, *, operation: str, agent: str, conversation: str, wake_at: int, body: bytes, trace: str = ""
) -> Answer:
    """Put it off until `wake_at` (ms) or until the customer writes, and free its room; `past` if that is over."""
    arguments = (safe(operation), safe(agent), safe(conversation), str(wake_at), body)
    return await board.move(traced("snooze", trace), *arguments)


async def wake(board: Board, *, operation: str, agent: str, conversation: str, trace: str = "") -> Answer:
    """End the snooze now, by who began it; it waits again, and its last agent is asked first."""
    return await board.move(traced("wake", trace), safe(operation), safe(agent), safe(conversation))


async def assign(
    board: Board, *, operation: str, agent: str, conversation: str, to: str, body: bytes, trace: str = ""
) -> Answer:
    """Give it to a present agent by a supervisor's word, whoever has it and whatever room there is.

    `agent` is the supervisor, who answers for the right to do so. `absent`, `own` (has it already), `gone` (closed).
    """
    arguments = (safe(operation), safe(agent), safe(conversation), safe(to), body)
    return await board.move(traced("assign", trace), *arguments)


async def consult(
    board: Board, *, operation: str, agent: str, conversation: str, to: str, body: bytes, trace: str = ""
) -> Answer:
    """Ask an agent who is there to look on, by the owner; they hear all of it from now on, and take no room.

    `body` is the finished `ConsultationDetails`. `absent`, `own` (to oneself), `asked` (already), `enough` (three are),
    `gone` while it is being passed on.
    """
    arguments = (safe(operation), safe(agent), safe(conversation), safe(to), body)
    return await board.move(traced("consult", trace), *arguments)


async def end_consult(
    board: Board, *, operation: str, agent: str, conversation: str, of: str, trace: str = ""
) -> Answer:
    """`of` looks on no more: by the owner, or by themselves. `gone` if they are not consulted (any more)."""
    return await board.move(traced("end_consult", trace), safe(operation), safe(agent), safe(conversation), safe(of))


async def take_over(
    board: Board, *, operation: str, agent: str, conversation: str, supervisor: bool, trace: str = ""
) -> Answer:
    """Who is consulted becomes the owner, at once; only a supervisor above capacity.

    `gone` if the agent is not consulted (any more), whatever ended it; `no-room`; `absent`.
    """
    arguments = (safe(operation), safe(agent), safe(conversation), "1" if supervisor else "")
    return await board.move(traced("take_over", trace), *arguments)


async def reorder(
    board: Board, *, operation: str, agent: str, conversation: str, front: bool, body: bytes, trace: str = ""
) -> Answer:
    """Move what waits to the front of its line, or back to its own place, by a supervisor's word.

    `body` is the finished `ReorderDetails`. `gone`: it does not wait (any more); `own`: it is at its own place.
    """
    arguments = (safe(operation), safe(agent), safe(conversation), "front" if front else "back", body)
    return await board.move(traced("reorder", trace), *arguments)


async def begin(
    board: Board,
    *,
    operation: str,
    agent: str,
    conversation: str,
    thread: str,
    account: str,
    channel: str,
    contact: Address,
    route: Sequence[str],
    per_minute: int,
    body: bytes,
    trace: str = "",
) -> Answer:
    """Open a conversation in which we write first; the agent owns it, whatever room there is.

    `conversation` is its id, of the thread's shard; `route` the arguments of `trunkline.route`; `body` the finished
    `BeginningDetails`. `open`: the thread has one, the detail is its id and who has it. `opted-out`; `absent`: the
    agent is not on the board; `too-fast`: they have begun `per_minute` within a minute, the detail is how many seconds
    are to be waited; `hours` as of `transfer_to_queue`.
    """
    arguments = (thread, safe(account), safe(channel), contact.scheme, contact.value, contact.display or "")
    return await board.move(
        traced("begin", trace),
        safe(operation),
        safe(agent),
        safe(conversation),
        *arguments,
        *route,
        body,
        str(per_minute),
    )


async def shut(
    board: Board, *, operation: str, agent: str, queue: str, until: int, body: bytes, trace: str = ""
) -> Answer:
    """Nobody is offered what waits in this queue, until a time (ms) or, 0, until it is opened. `past`: that is over.

    What waits and what comes keeps its place and is told so once. Offers that are open stay open. `body` is the
    finished `QueueShut`.
    """
    place = f"{shard_of(queue, board.shards)}-{safe(queue)}"
    return await board.move(traced("shut", trace), safe(operation), safe(agent), place, str(until), body)


async def unshut(board: Board, *, operation: str, agent: str, queue: str, body: bytes, trace: str = "") -> Answer:
    """Open a shut queue; what waits is matched at once. `gone`: it is not shut. `body`: the finished `QueueOpened`."""
    place = f"{shard_of(queue, board.shards)}-{safe(queue)}"
    return await board.move(traced("unshut", trace), safe(operation), safe(agent), place, body)


async def close(board: Board, *, operation: str, agent: str, conversation: str, body: bytes, trace: str = "") -> Answer:
    """Over; `body` is the finished `CloseDetails`. The room goes to the most urgent work at once."""
    return await board.move(traced("close", trace), safe(operation), safe(agent), safe(conversation), body)


async def arrive(
    board: Board, *, operation: str, profile: Profile, device: str, lease_ms: int, presence: Presence, reason: str = "",
    draining: bool = False, ramp_up: str = "",
) -> Answer:  # fmt: skip
    """A device of the agent comes. The first one puts the agent on the board, with presence, reason and profile.

    `draining`: takes no new work, as before. `ramp_up`: see `trunkline.config`; '' gives as much as there is room for.
    The answer's `version` is the presence the agent has, its `subject` the reason, `also` is '1' for who drains.
    """
    return await board.move(
        "arrive", safe(operation), safe(profile.agent), str(shard_of(profile.agent, board.shards)), safe(device),
        str(lease_ms), presence, *_profile(profile), reason[:200], str(int(draining)), ramp_up,
    )  # fmt: skip


async def heartbeat(board: Board, *, agent: str, device: str, lease_ms: int) -> Answer:
    """Prolong a device's lease; `arrive` when the board does not know it (any more), else an answer as of `arrive`."""
    return answer_of(await board.call("heartbeat", safe(agent), safe(device), str(lease_ms)))


async def leave(board: Board, *, agent: str, device: str, grace_ms: int) -> Answer:
    """The device says goodbye; its lease ends after the grace, in which it may come back."""
    return answer_of(await board.call("leave", safe(agent), safe(device), str(grace_ms)))


async def set_presence(
    board: Board,
    *,
    operation: str,
    agent: str,
    presence: Presence,
    reason: str = "",
    ramp_up: str = "",
    trace: str = "",
) -> Answer:
    """Available or away, by the agent's own word; who goes away is asked no more what was offered to them.

    `ramp_up` as of `arrive`, for who comes back.
    """
    return await board.move(
        traced("set_presence", trace), safe(operation), safe(agent), presence, reason[:200], ramp_up
    )


async def drain(board: Board, *, operation: str, agent: str, draining: bool, by: str, trace: str = "") -> Answer:
    """Give the agent no new work, or give it again, by the word of `by`; `absent`.

    Presence, what they hold and what is offered already stay as they are. It ends by another word, or when the agent
    leaves. The answer is as of `arrive`.
    """
    body = DrainDetails(by=by).model_dump_json().encode()
    return await board.move(traced("drain", trace), safe(operation), safe(agent), str(int(draining)), body)


async def set_profile(board: Board, *, operation: str, profile: Profile) -> Answer:
    """Bring an edit of the roster to the board; an older version than the board's changes nothing."""
    return await board.move("set_profile", safe(operation), safe(profile.agent), *_profile(profile))


def _profile(profile: Profile) -> tuple[Any, ...]:
    skills = ",".join(f"{safe(skill)}:{int(level)}" for skill, level in sorted(profile.skills.items()))
    queues = ",".join(queue if queue == "*" else safe(queue) for queue in sorted(profile.queues))
    body = ProfileDetails(profile=profile).model_dump_json().encode()
    return (str(profile.capacity), str(profile.version), skills, queues, body)
