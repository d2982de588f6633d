"""The board and its plain-Python reference, asked alike on random floors, decide alike: every offer, to the last tie.

TRUNKLINE_TEST_OFFERS: go on until so many were made; TRUNKLINE_TEST_SEED: the first floor's seed, as a failure tells.
A million of them: `make bench-routing`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from itertools import count

import pytest

from tests.integration.simulation.alike import decided_alike, decided_alike_on
from tests.integration.simulation.floors import with_shifts
from trunkline.simulation.moves import Kind, Told
from trunkline.testing.servers import Valkey

OFFERS = int(os.environ.get("TRUNKLINE_TEST_OFFERS", "800"))
SEED = int(os.environ.get("TRUNKLINE_TEST_SEED") or random.randrange(2**32))


@pytest.mark.parametrize("seed", [45, 58])
async def test_what_is_offered_to_who_goes_away_goes_on_alike(valkey: Valkey, seed: int) -> None:
    decided = await decided_alike_on(valkey.url, with_shifts(random.Random(seed)), seed)

    assert _offered_anew(decided) > 0, "nobody went away who alone was asked: the floor proves nothing"
    assert _asked_no_more(decided) > 0, "nobody went away who was asked among others: the floor proves nothing"


def _offered_anew(decided: list[Told]) -> int:
    """How many offers were taken back whole and followed by another of the same conversation."""
    taken_back: set[int] = set()
    anew = 0
    for told in decided:
        if told.kind is Kind.RESCINDED and not told.agents:
            taken_back.add(told.conversation)
        elif told.kind is Kind.OFFERED:
            anew += told.conversation in taken_back
            taken_back.discard(told.conversation)
    return anew


def _asked_no_more(decided: list[Told]) -> int:
    """How often one of several was asked no more, and it was not because another had accepted."""
    accepted = {told for told in decided if told.kind is Kind.ACCEPTED}
    rescinded = [told for told in decided if told.kind is Kind.RESCINDED and told.agents]
    return sum(told._replace(kind=Kind.ACCEPTED) not in accepted for told in rescinded)


@pytest.mark.timeout(60 + OFFERS // 20)
async def test_the_board_decides_as_its_reference_does(valkey: Valkey) -> None:
    seen: Counter[Kind] = Counter()
    for seed in count(SEED):
        seen.update(told.kind for told in await decided_alike(valkey.url, seed))
        if seen[Kind.OFFERED] >= (OFFERS if all(seen[kind] for kind in Kind) else 10 * OFFERS):
            break

    assert min(seen[kind] for kind in Kind) > 0, f"the floors prove nothing: {seen}"
