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

from tests.integration.simulation.alike import decided_alike
from trunkline.simulation.moves import Kind
from trunkline.testing.servers import Valkey

OFFERS = int(os.environ.get("TRUNKLINE_TEST_OFFERS", "800"))
SEED = int(os.environ.get("TRUNKLINE_TEST_SEED") or random.randrange(2**32))


@pytest.mark.timeout(60 + OFFERS // 20)
async def test_the_board_decides_as_its_reference_does(valkey: Valkey) -> None:
    seen: Counter[Kind] = Counter()
    for seed in count(SEED):
        seen.update(told.kind for told in await decided_alike(valkey.url, seed))
        if seen[Kind.OFFERED] >= OFFERS:
            break

    assert min(seen[kind] for kind in (Kind.ACCEPTED, Kind.WIDENED, Kind.CLOSED)) > 0, "the floors prove nothing"
