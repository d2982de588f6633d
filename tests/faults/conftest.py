"""One deployment and its load for all tests on the same servers: starting it takes longer than most faults.

A test that fails leaves it in an unknown state, so the next one gets another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from tests.faults.load import Load
from tests.faults.rig import Rig
from trunkline.testing.errors import ServerMissingError

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on the test itself that it failed, for the fixture that outlives it."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """The run's rig."""
    made = Rig(tmp_path_factory.mktemp("faults"))
    try:
        yield made
    finally:
        await made.end()


@pytest_asyncio.fixture(loop_scope="session")
async def load(request: pytest.FixtureRequest, rig: Rig) -> AsyncIterator[Load]:
    """A load that flows; a module's `LOG` and `RECORD` say on which servers (the embedded ones if it says nothing)."""
    log, record = (getattr(request.module, name, "") for name in ("LOG", "RECORD"))
    try:
        running = await rig.load(log=log, record=record)
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    running.begin()
    try:
        await running.go_on(10, within=40)
    except TimeoutError:
        await rig.end()
        raise
    yield running
    if request.node.stash.get(_FAILED, False):
        await rig.end()
