"""Actions that send work elsewhere or later: transfer, escalate, snooze, wake, assign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from services.agents.asked import Action, BadFields, agent_id, text, until_ms
from trunkline.board import Answer, Board, moves
from trunkline.board.hours import with_hours
from trunkline.channels.base import Channel
from trunkline.config.model import Config
from trunkline.config.queues import Queue
from trunkline.config.watch import Watch
from trunkline.events import AssignmentDetails, SnoozeDetails, TransferDetails
from trunkline.requirements import named_skills_of, prefers_of, queue_of
from trunkline.route import clocks_of, needs_in, window_of
from trunkline.telling import on_arrival
from trunkline.widening import covers

_LANGUAGE = "lang.*"
"""The group of languages where the file names none."""
_NOTE = 2_000


class Passing:
    """One method a verb; each makes its move and gives the board's answer. BadFields if the request makes no sense."""

    def __init__(self, board: Board, watch: Watch, channels: Mapping[str, Channel]) -> None:
        self._board = board
        self._watch = watch
        self._channels = channels

    async def transfer(self, action: Action) -> Answer:
        """To an agent, a queue, or whoever has a skill."""
        to_agent, to_queue = text(action.fields, "to_agent", 128), text(action.fields, "to_queue", 63)
        skill, level = _wanted(action, self._watch.current)
        if sum(map(bool, (to_agent, to_queue, skill))) != 1:
            raise BadFields("give to_agent, to_queue or to_skill, one of them")
        details = TransferDetails(
            sender=action.agent, to_agent=to_agent, to_queue=to_queue, note=text(action.fields, "note", _NOTE),
            to_skill=f"{skill}:{level}" if skill else "",
        )  # fmt: skip
        if to_agent:
            to, body = agent_id(action.fields, "to_agent"), details.model_dump_json().encode()
            return await moves.transfer_to_agent(self._board, **action.who, to=to, body=body)
        if to_queue and to_queue not in self._watch.current.queues:
            raise BadFields(f"no such queue: {to_queue}")
        return await self._requeue(action, details, queue=to_queue, more={skill: level} if skill else {})

    async def escalate(self, action: Action) -> Answer:
        """To where the queue's `escalation` says."""
        details = TransferDetails(sender=action.agent, note=text(action.fields, "note", _NOTE), escalation=True)
        return await self._requeue(action, details, queue="", more={})

    async def _requeue(
        self, action: Action, details: TransferDetails, *, queue: str, more: Mapping[str, int]
    ) -> Answer:
        """Back into a line: the named queue's, or its own with more required of the next agent."""
        known = await self._board.call("facts", action.conversation)
        if known[0] != b"ok":
            return Answer("unknown")
        channel, requirement = known[2].decode(), known[6].decode()
        name = queue or queue_of(requirement)
        config = self._watch.current
        if details.escalation:
            name, more = _escalation(config, name)
        found = config.queues.get(name)
        if found is None:
            raise BadFields(f"the queue {name} is no longer configured; transfer it to another")
        needed = named_skills_of(requirement)
        kept = needed if not queue and not details.escalation else _covered(needed, _language(config))
        skills = _skills(found, kept, more)
        needs = needs_in(
            config, name, channel=channel, weight=found.weight, requires=skills, prefers=prefers_of(requirement)
        )
        clocks = clocks_of(found, window_of(self._channels.get(channel), known[3].decode()))
        transfer = partial(
            moves.transfer_to_queue, self._board, **action.who, queue=name, requirement=needs.requirement,
            ladder=needs.ladder, weight=found.weight, limits=found.limits, clocks=clocks,
            reason="escalation" if details.escalation else "transfer",
            say=on_arrival(config, name, closed=not _open(config, name)),
            body=details.model_copy(update={"to_queue": name}).model_dump_json().encode(),
        )  # fmt: skip
        return await with_hours(self._board, config.clock_calendars, transfer)

    async def snooze(self, action: Action) -> Answer:
        """Put off until a time, or until the customer writes."""
        wake_at = until_ms(action.fields)
        details = SnoozeDetails(note=text(action.fields, "note", _NOTE), wake_at=wake_at)
        return await moves.snooze(self._board, **action.who, wake_at=wake_at, body=details.model_dump_json().encode())

    async def wake(self, action: Action) -> Answer:
        """End one's own snooze."""
        return await moves.wake(self._board, **action.who)

    async def assign(self, action: Action) -> Answer:
        """Give it to an agent, oneself included; supervisors only."""
        if not action.supervisor:
            return Answer("not-allowed")
        to = agent_id(action.fields, "to_agent", action.agent)
        details = AssignmentDetails(by=action.agent, to=to, note=text(action.fields, "note", _NOTE))
        return await moves.assign(self._board, **action.who, to=to, body=details.model_dump_json().encode())


def _open(config: Config, queue: str) -> bool:
    calendar = config.calendar_of_queue(queue)
    return calendar is None or not calendar.seconds_closed(datetime.now(UTC))


def _wanted(action: Action, config: Config) -> tuple[str, int]:
    skill, level = text(action.fields, "to_skill", 63), action.fields.get("level", 1)
    if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 10:
        raise BadFields("level is a whole number from 1 to 10")
    if skill and skill not in config.skills:
        raise BadFields(f"no such skill: {skill}")
    return skill, level


def _escalation(config: Config, queue: str) -> tuple[str, Mapping[str, int]]:
    found = config.queues[queue].escalation if queue in config.queues else None
    if found is None:
        raise BadFields(f"the queue {queue} has no escalation; transfer it instead")
    return found.queue or queue, found.requires


def _language(config: Config) -> str:
    return (config.language.skill if config.language is not None else None) or _LANGUAGE


def _covered(skills: Mapping[str, int], group: str) -> dict[str, int]:
    """The customer's language stays a requirement wherever it goes; what else was needed was the old queue's affair."""
    return {skill: level for skill, level in skills.items() if covers(group, skill)}


def _skills(queue: Queue, kept: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """What the next agent needs. Of a skill asked for twice, the higher level counts."""
    skills = dict(kept) | {skill: max(level, kept.get(skill, 0)) for skill, level in queue.requires.items()}
    return skills | {skill: max(level, skills.get(skill, 0)) for skill, level in more.items()}
