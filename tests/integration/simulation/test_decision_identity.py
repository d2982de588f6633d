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


@pytest.mark.parametrize("seed", [2, 11])
async def test_what_is_offered_to_who_goes_away_goes_on_alike(valkey: Valkey, seed: int) -> None:
    decided = await decided_alike_on(valkey.url, with_shifts(random.Random(seed)), seed)

    assert _offered_anew(decided) > 0, "nobody went away while something was offered to them: the floor proves nothing"


def _offered_anew(decided: list[Told]) -> int:
    """How many offers were followed by another of the same conversation, and were neither accepted nor missed."""
    pending: set[int] = set()
    anew = 0
    for told in decided:
        if told.kind is Kind.OFFERED:
            anew += told.conversation in pending
            pending.add(told.conversation)
        elif told.kind is not Kind.WIDENED:
            pending.discard(told.conversation)
    return anew


@pytest.mark.timeout(60 + OFFERS // 20)
async def test_the_board_decides_as_its_reference_does(valkey: Valkey) -> None:
    seen: Counter[Kind] = Counter()
    for seed in count(SEED):
        seen.update(told.kind for told in await decided_alike(valkey.url, seed))
        if seen[Kind.OFFERED] >= OFFERS:
            break

    assert min(seen[kind] for kind in (Kind.ACCEPTED, Kind.WIDENED, Kind.CLOSED)) > 0, "the floors prove nothing"
