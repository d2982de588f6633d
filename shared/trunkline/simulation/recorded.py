"""From a recording to a day that can be played under any configuration. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from trunkline.config.model import Config
from trunkline.due import target_ms
from trunkline.events import Profile
from trunkline.moments import moment_of
from trunkline.requirements import SUPERVISORS, channel_of, named_skills_of, prefers_of, queue_of
from trunkline.simulation.chance import Duration
from trunkline.simulation.day import Day, Visit
from trunkline.simulation.demand import HOUR_MS
from trunkline.simulation.floor import MOST_AGENTS, Customers, Floor, Group
from trunkline.simulation.recording import Recording, State, Stay
from trunkline.simulation.roster import Attendance
from trunkline.widening import rungs_of

_MOST_CLASSES = 1_000
_LONGEST_TARGET_S = 30 * 86_400


class TooLittle(Exception):
    """The log says too little (or too much) of these hours to play them; the text says what."""


def day_of(recording: Recording, config: Config | None, *, warm_up_h: float = 0.0) -> Day:
    """The day, its classes told beside what this configuration's queues ask for themselves."""
    if not recording.stays:
        raise TooLittle("nobody wrote in these hours")
    if not any(stay.ended and stay.answered for stay in recording.stays):
        raise TooLittle("nobody was answered and let go in these hours: how long work takes is not known")
    classes: dict[str, list[Stay]] = defaultdict(list)
    names: dict[tuple[Any, ...], str] = {}
    asked: dict[str, dict[str, Any]] = {}
    for stay in recording.stays:
        wanted = _asked(stay.state, config)
        key = tuple((name, repr(value)) for name, value in sorted(wanted.items()))
        if key not in names:
            names[key] = _free(f"{wanted['queue']}-{wanted['channel']}", asked)
            asked[names[key]] = wanted
        classes[names[key]].append(stay)
    if len(classes) > _MOST_CLASSES:
        raise TooLittle(f"{len(classes):,} kinds of conversations, at most {_MOST_CLASSES:,}: take fewer hours")
    hours = (recording.until - recording.since) / HOUR_MS
    groups, attendance = _agents(recording)
    if not groups:
        raise TooLittle("no agent was there in these hours")
    try:
        floor = Floor(
            hours=hours,
            starts_at=moment_of(recording.since).hour,
            warm_up_h=warm_up_h,
            classes={name: _customers(asked[name], stays, hours) for name, stays in classes.items()},
            agents=groups,
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise TooLittle(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    visits = [_visit(name, stay, recording.since) for name, stays in classes.items() for stay in stays]
    return Day(floor, sorted(visits, key=lambda visit: visit.at_ms), attendance, tuple(_notes(recording)))


# --- who came ---------------------------------------------------------------------------------------------


def _asked(state: State, config: Config | None) -> dict[str, Any]:
    """What it asked for before any widening; what its queue asks for itself is left to the queue of whatever
    configuration it is played under."""
    rungs = rungs_of(state.get("ladder", ""))
    first = rungs[0].requirement if rungs else state["requirement"]
    due = target_ms(state) - state["queued_at"]
    said: dict[str, Any] = {
        "requires": named_skills_of(first), "prefers": prefers_of(first), "priority": state["priority"],
        "weight": state["weight"], "target_s": min(max(1, round(due / 1_000)), _LONGEST_TARGET_S),
    }  # fmt: skip
    queue = None if config is None else config.queues.get(queue_of(first))
    if queue is not None:
        own = _groups(queue.requires)
        said["requires"] = {
            skill: level
            for group, skills in _groups(said["requires"]).items()
            if skills != own.get(group)
            for skill, level in skills.items()
        }
        said = {name: value for name, value in said.items() if name == "requires" or value != getattr(queue, name)}
    return {"queue": queue_of(first), "channel": channel_of(first)} | said


def _groups(requires: dict[str, int]) -> dict[str, dict[str, int]]:
    """By the part before the dot: rules and queues speak of a group as a whole."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for skill, level in requires.items():
        groups[skill.partition(".")[0]][skill] = level
    return groups


def _customers(asked: dict[str, Any], stays: list[Stay], hours: float) -> Customers:
    works = [stay.held_ms for stay in stays if stay.ended and stay.answered]
    mean_s = sum(works) / len(works) / 1_000 if works else 0.0
    return Customers(**asked, per_hour=len(stays) / hours, handle=Duration(mean_s=mean_s))


def _visit(name: str, stay: Stay, since: int) -> Visit:
    at = max(0, stay.state["queued_at"] - since)
    given_up = stay.ended and not stay.answered and stay.given_up_at is not None
    patience = max(0, stay.given_up_at - stay.state["queued_at"]) if given_up and stay.given_up_at is not None else None
    return Visit(at, name, stay.held_ms if stay.ended and stay.answered else None, patience)


# --- who was there ----------------------------------------------------------------------------------------


def _agents(recording: Recording) -> tuple[dict[str, Group], dict[str, Attendance]]:
    """A group of one for each agent, and a further one from each edit of what the agent can do."""
    groups: dict[str, Group] = {}
    attendance: dict[str, Attendance] = {}
    length = recording.until - recording.since
    for agent, presences in recording.agents.items():
        for profile, steps in _by_profile(presences.steps):
            times = [(at - recording.since, available) for at, available in steps]
            before = [available for at, available in times if at <= 0]
            changes = tuple((at, available) for at, available in times if 0 < at < length)
            seen = Attendance(bool(before) and before[-1], changes)
            if seen.within(0, length):
                name = _free(_slug(profile.name or agent), groups)
                groups[name] = _group(profile, recording.accepted_in_ms.get(agent, []))
                attendance[f"{name}-0001"] = seen
    if len(groups) > min(MOST_AGENTS, 1_000):
        raise TooLittle(f"{len(groups):,} agents, at most 1,000")
    return groups, attendance


def _by_profile(steps: list[tuple[int, Profile, bool]]) -> Iterator[tuple[Profile, list[tuple[int, bool]]]]:
    """Each profile with (when, available) while it held; then not."""
    for number, (_, profile, _) in enumerate(steps):
        if number and steps[number - 1][1] == profile:
            continue
        theirs: list[tuple[int, bool]] = []
        for at, other, available in steps[number:]:
            if other != profile:
                theirs.append((at, False))
                break
            theirs.append((at, available))
        yield profile, theirs


def _group(profile: Profile, accepted_in_ms: list[int]) -> Group:
    queues = tuple(queue for queue in profile.queues if queue not in {"*", SUPERVISORS})
    mean_s = sum(accepted_in_ms) / len(accepted_in_ms) / 1_000 if accepted_in_ms else 0.0
    return Group(
        count=1,
        skills=profile.skills,
        queues=() if "*" in profile.queues else queues,
        supervises=SUPERVISORS in profile.queues,
        capacity=min(profile.capacity, 100),
        accepts=Duration(mean_s=mean_s) if mean_s else None,
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "agent"


def _free(name: str, taken: dict[str, Any]) -> str:
    """The name, or with the first number that makes it another."""
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


# --- what is not known ------------------------------------------------------------------------------------


def _notes(recording: Recording) -> Iterator[str]:
    stays = recording.stays
    given_up = sum(stay.ended and not stay.answered for stay in stays)
    served = sum(stay.ended and stay.answered for stay in stays)
    yield (
        f"{len(stays):,} conversations came, {served:,} were answered, {given_up:,} closed unanswered: these leave "
        "when they did. How long the others would have waited is not in the log: none of them leaves"
    )
    if open_yet := len(stays) - served - given_up:
        yield f"{open_yet:,} had not ended: how long they take is drawn from those that had"
    if recording.under_way:
        yield (
            f"{len(recording.under_way):,} were under way at the beginning and are left out: so the floor begins "
            "empty, and --warm-up-h should not count its beginning"
        )
    if recording.begun:
        yield f"{recording.begun:,} were begun by agents and are left out"
    yield (
        "work takes as long as it took then, whoever answers; wrap-up is in it, so another wrap_up_s changes nothing; "
        "nobody declines, and transfers are not made again"
    )
