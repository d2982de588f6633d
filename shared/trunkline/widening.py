"""Widening: what waiting work asks for less and less, told to the board beforehand as one ladder. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple, get_args

from trunkline.config.queues import WideningStep
from trunkline.config.tells import Step
from trunkline.index import DEFAULT, Policy
from trunkline.requirements import ONLY, SUPERVISORS, Room, requirement_id

_NOTHING: Mapping[str, int] = {}

TELLS = ">"
"""Between a rung's requirement set and what the customer is told at it."""

GROUP = ".*"
"""At the end of a name: every skill of the group, as `lang.*`."""


def ladder(
    steps: Sequence[WideningStep],
    *,
    queue: str,
    channel: str,
    room: int | Room,
    requires: Mapping[str, int],
    prefers: Mapping[str, int] = _NOTHING,
    policy: Policy = DEFAULT,
    only: tuple[str, int] = ("", 0),
    later_s: int = 0,
) -> str:
    """The requirement sets by which it widens, `ms>set ms>set …`, the first after 0 ms; '' when nothing ever changes.
    A step that tells the customer something says so behind: `ms>set>overflow`.

    Steps add up: what one has lowered, dropped or opened stays so. A step that changes nothing for these skills is
    left out; each is taken `later_s` later. What is preferred, and the policy of who is taken first, stay as they are.
    `only`: an agent who alone is asked at first, and for how many seconds. ValueError for a name the board could not
    take.
    """
    skills, also = dict(requires), list[str]()
    named = partial(requirement_id, queue, channel, room, prefers=prefers, policy=policy)
    agent, alone_s = only
    rungs = (
        [(0, named({**skills, ONLY + agent: 1})), (alone_s * 1_000, named(skills))] if agent else [(0, named(skills))]
    )
    for step in steps:
        skills = _lowered(_without(skills, step.drop), step.lower)
        further = (*step.queues, *([SUPERVISORS] if step.supervisors else ()))
        also += [name for name in further if name not in {queue, *also}]
        wider = named(skills, also=also)
        if step.tell is not None or wider != rungs[-1][1].partition(TELLS)[0]:
            said = f"{TELLS}{step.tell}" if step.tell is not None else ""
            rungs.append(((later_s + step.after_s) * 1_000, wider + said))
    return " ".join(f"{after}>{requirement}" for after, requirement in rungs) if len(rungs) > 1 else ""


_KINDS: Mapping[str, Step] = {kind: kind for kind in get_args(Step)}


class Rung(NamedTuple):
    """A step of a ladder."""

    after_ms: int
    requirement: str
    tells: Step | Literal[""]
    """What the customer is told then; '' for nothing."""


def rungs_of(text: str) -> list[Rung]:
    """The rungs of a ladder as the board has it."""
    parts = (step.split(TELLS) for step in text.split())
    return [Rung(int(after), requirement, _KINDS.get("".join(told), "")) for after, requirement, *told in parts]


def covers(name: str, skill: str) -> bool:
    """Whether a name in a step means this skill."""
    return skill.startswith(name[:-1]) if name.endswith(GROUP) else skill == name


def _without(skills: Mapping[str, int], dropped: Sequence[str]) -> dict[str, int]:
    return {skill: level for skill, level in skills.items() if not any(covers(name, skill) for name in dropped)}


def _lowered(skills: Mapping[str, int], lower: Mapping[str, int]) -> dict[str, int]:
    return {
        skill: min([level, *(to for name, to in lower.items() if covers(name, skill))])
        for skill, level in skills.items()
    }
