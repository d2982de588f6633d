"""Rules tried: what the router's own engine says of a message, with the rules of the file. Nothing is routed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trunkline.config.model import Config
from trunkline.config.rules import Decision, Facts, RuleEngine


class RulesBroken(Exception):
    """A rule of the file is no rule: the router refuses the file and goes on with the one it had."""


class RuleTrial:
    """Compiles a configuration's rules once, when they are first tried."""

    def __init__(self) -> None:
        self._engine: RuleEngine | None = None

    async def decide(self, config: Config, messages: Sequence[Facts]) -> list[Decision]:
        """What would be decided of each, in their order. RulesBroken names the rules that cannot be compiled.

        Every account named must be one of the configuration's. In a thread: the loop does not wait for the rules.
        """
        return await asyncio.to_thread(self._decide, config, messages)

    def _decide(self, config: Config, messages: Sequence[Facts]) -> list[Decision]:
        engine = self._engine
        if engine is None or engine.version != config.digest:
            engine = self._engine = _compiled(config)
        return [engine.decide(each) for each in messages]


def _compiled(config: Config) -> RuleEngine:
    from trunkline.config.cel import Cel, InvalidExpression  # noqa: PLC0415  8 MB, where nobody may ever try a rule
    from trunkline.config.engine import engine_of  # noqa: PLC0415  likewise

    language, faults = Cel(), []
    for rule in config.rules:
        try:
            language.compile(rule.when)
        except InvalidExpression as error:
            faults.append(f"{rule.name}: {error}")
    if faults:
        raise RulesBroken("; ".join(faults))
    return engine_of(config)
