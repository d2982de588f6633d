"""One deployment and its load for all tests of a module: starting it takes longer than most faults.

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """The module's rig; its `LOG` and `RECORD` say which servers (streams and sqlite if they say nothing)."""
    log, record = (getattr(request.module, name, default) for name, default in (("LOG", ""), ("RECORD", "")))
    made = Rig(tmp_path_factory.mktemp("faults"), log=log, record=record)
    try:
        yield made
    finally:
        await made.end()


@pytest_asyncio.fixture(loop_scope="module")
async def load(request: pytest.FixtureRequest, rig: Rig) -> AsyncIterator[Load]:
    """The module's load, flowing; anew after a test that failed."""
    try:
        running = rig.load or await rig.start()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    running.begin()
    await running.go_on(10, within=40)
    yield running
    if request.node.stash.get(_FAILED, False):
        await rig.end()
