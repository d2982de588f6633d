"""`trunkline explain`: why a conversation was offered to whom it was, and why it still waits, in sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer
from pydantic import ValidationError

from trunkline.events import OfferDetails, PassedOver
from trunkline.explanation import AgentNow, Asked, AskedBeside, Decided, Explanation, Now, Reason, Wider
from trunkline.internal import Internal, RecordAway, asks
from trunkline.settings import AsksAgents, SettingsError, load_settings

_MOST_AGENTS = 25

_PASSED_OVER = {
    "permission": "do not serve the queue",
    "skill": "lack a skill",
    "level": "have too low a level",
    "presence": "are away",
    "room": "have no room",
    "declined": "had declined it",
    "draining": "take no new work",
    "ramping": "ramp up and had their turn",
}

_REASONS = {
    Reason.NONE: "could be asked",
    Reason.PERMISSION: "does not serve the queue",
    Reason.SKILL: "lacks",
    Reason.LEVEL: "too low in",
    Reason.PRESENCE: "is away",
    Reason.DECLINED: "declined it",
    Reason.DRAINING: "takes no new work",
    Reason.RAMPING: "ramping up until",
    Reason.ROOM: "no room",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    conversation: Annotated[str, typer.Argument(help="the conversation's id, as the desk's address has it")],
    as_json: Annotated[bool, typer.Option("--json", help="the whole answer, for a program")] = False,
) -> None:
    """Say why a conversation was offered to whom it was, and why it still waits."""
    try:
        found = asyncio.run(_ask(load_settings(AsksAgents), conversation))
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    except RecordAway as error:
        said = str(error)
        if said.endswith("404"):
            said = f"there is no conversation {conversation}, or the record has not heard of it yet"
        else:
            said = f"the agents service does not answer ({said}); is it running, and is its address right?"
        typer.echo(said, err=True)
        raise typer.Exit(1) from error
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(told(found)))


async def _ask(settings: AsksAgents, conversation: str) -> Explanation:
    client: Internal = asks(settings)
    async with client:
        answer = await client.get(f"/internal/conversations/{conversation}/explain", {})
    try:
        return Explanation.model_validate(answer)
    except ValidationError as error:
        raise RecordAway("its answer is of another version") from error


def told(it: Explanation) -> Iterator[str]:
    """The explanation in lines, for a person."""
    yield f"Conversation {it.conversation} is {it.status}."
    if it.rules:
        yield f"Routed by the rules {', '.join(it.rules)} of configuration {it.configuration}."
    elif it.configuration:
        yield f"No rule spoke of it: its account and queue decided (configuration {it.configuration})."
    if it.now:
        yield from _now(it.now)
    for made in it.decisions:
        yield ""
        yield from _decided(made)
    if not it.decisions and not it.now:
        yield "It was offered to nobody."


def asked(it: Asked) -> str:
    """What is asked for, in a few words."""
    skills = ", ".join(f"{skill} ≥ {level}" for skill, level in it.skills.items()) or "no skill"
    prefers = f", better with {', '.join(it.prefers)}" if it.prefers else ""
    weight = f", weight {it.weight}" if it.weight > 1 else ""
    who = f"of {it.only} alone, " if it.only else ""
    return f"{' or '.join(it.queues)} by {it.channel}: {who}{skills}{prefers}{weight}; {it.policy} first"


_DUE_BY = {
    "target": "",
    "first_reply": " (a first reply was promised)",
    "next_reply": " (a reply was promised)",
    "resolution": " (an end was promised)",
    "window": " (the channel's window closes soon after)",
}


def _now(now: Now) -> Iterator[str]:
    yield ""
    yield f"Now it asks for {asked(now.asked)}."
    late = f"due {_span(-now.due_in_s)} ago" if now.due_in_s < 0 else f"due in {_span(now.due_in_s)}"
    late += _DUE_BY[now.due_by]
    could = f"{now.could_be_asked} of {_present(now)} agents could be asked."
    yield f"It has waited {_span(now.waited_s)}, {late}. {_shut(now) if now.shut else could}"
    if now.front:
        yield f"Moved to the front by {now.front.name}" + (f": {now.front.note}" if now.front.note else ".")
    yield from _counts(now.passed_over)
    if not now.roster_able:
        lacks = ", ".join(f"{skill} ≥ {level}" for skill, level in now.roster_lacks.items())
        yield "Nobody of the whole roster can ever take it as it is" + (f": give somebody {lacks}." if lacks else ".")
    for step in now.wider:
        yield _step(step)
    for agent in now.agents[:_MOST_AGENTS]:
        yield f"  {agent.name:<24} {_stands(agent)}"
    if len(now.agents) > _MOST_AGENTS:
        yield f"  … and {len(now.agents) - _MOST_AGENTS} more (all of them with --json)"


def _shut(now: Now) -> str:
    until = f"until {now.shut_until:%Y-%m-%d %H:%M} UTC" if now.shut_until is not None else "until somebody opens it"
    return f"Its queue is shut {until}: nobody is offered it."


def _present(now: Now) -> int:
    counts: dict[str, int] = now.passed_over.model_dump()
    return now.could_be_asked + sum(counts.values())


def _step(step: Wider) -> str:
    when = f"In {_span(step.in_s)}" if step.in_s and step.in_s > 0 else "Later"
    told = f"the customer is told the queue's `{step.tells}`, and " if step.tells else ""
    return f"{when} {told}it asks for {asked(step.asked)}; {step.would_do} present agents satisfy that."


def _stands(agent: AgentNow) -> str:
    lacks = ", ".join(f"{skill} ≥ {level}" for skill, level in agent.lacks.items())
    words = _REASONS[agent.reason]
    if agent.reason in (Reason.SKILL, Reason.LEVEL):
        words = f"{words} {lacks}" if lacks else "is not the one it asks for now"
    if agent.turn_at is not None and agent.reason is Reason.RAMPING:
        words = f"{words} {agent.turn_at:%H:%M:%S}"
    index = f", index {agent.index:.3f}" if agent.index is not None else ""
    return f"{words} (load {agent.load} of {agent.capacity}{index})"


def _decided(made: Decided) -> Iterator[str]:
    at = f"{made.at:%Y-%m-%d %H:%M:%S}"
    if made.outcome == "auto-accepted":
        yield f"{at} given to {made.name}: its queue asks nobody."
    else:
        everybody: list[Decided | AskedBeside] = [made, *made.beside]
        yield f"{at} offered to {'; at the same time to '.join(_became(one) for one in everybody)}."
    if made.reasons is None or made.asked is None:
        yield "  Its reasons were not kept: an earlier version made it."
        return
    yield f"  It asked for {asked(made.asked)}, after {_span(made.reasons.waited_ms / 1_000)} of waiting."
    yield from _why(made, made.reasons)
    yield from _counts(made.reasons.passed_over)


def _became(one: Decided | AskedBeside) -> str:
    return f"{one.name}, {one.outcome or 'open'}"


def _why(made: Decided, reasons: OfferDetails) -> Iterator[str]:
    if reasons.parts is None:
        yield f"  Given without being compared ({made.given or 'by word'})."
        return
    parts = [f"{name} {value:+.3f}" for name, value in reasons.parts.model_dump().items() if value]
    yield f"  Lowest index of those with room: {' '.join(parts) or '0'}."
    if others := [one for one in reasons.best if one.agent != made.agent]:
        yield f"  Next: {', '.join(f'{one.agent} {one.index:.3f}' for one in others)}."


def _counts(counts: PassedOver) -> Iterator[str]:
    said = [f"{count} {_PASSED_OVER[name]}" for name, count in counts.model_dump().items() if count]
    if said:
        yield f"  Not asked: {', '.join(said)}."


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
