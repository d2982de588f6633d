"""A deployment that speaks mail, for each module of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.test_mail_path import CONFIG
from trunkline.testing.deployment import Deployment
from trunkline.testing.mail import MailSink


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sink() -> AsyncIterator[MailSink]:
    """The shop's relay."""
    async with MailSink() as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(sink: MailSink, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """The embedded deployment with an account of mail."""
    async with Deployment(tmp_path_factory.mktemp("mail"), config=CONFIG.format(relay=sink.port)) as it:
        yield it
