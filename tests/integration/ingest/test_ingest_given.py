"""Files that providers fetch from us: at sealed addresses of their account, saved and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.ingest.door import SID, TOKEN, Door, door
from trunkline.channels.base import Account
from trunkline.channels.twilio import files
from trunkline.channels.twilio.settings import TwilioSettings
from trunkline.messages import Media
from trunkline.testing.servers import Valkey

SETTINGS = TwilioSettings.model_validate({"account_sid": SID, "auth_token": TOKEN, "sender": "+37120000000"})
CONTENT = b"<script>alert(1)</script>"


@pytest.fixture
async def knock(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Door]:
    async with door(valkey.url, tmp_path) as opened:
        yield opened


async def _address(knock: Door, *, ends: timedelta) -> str:
    blob = await knock.blobs.put(CONTENT)
    account = Account(name="sms-main", channel="twilio-sms", public_url=knock.url, settings=SETTINGS)
    media = Media(content_type="application/pdf", name="rēķins.pdf", blob=blob)
    return files.address(media, blob, account, SETTINGS, send_before=datetime.now(UTC) + ends)


async def test_the_provider_fetches_a_file_and_no_browser_runs_it(knock: Door) -> None:
    url = await _address(knock, ends=timedelta(hours=1))
    async with knock.http.get(url) as given:
        assert (given.status, await given.read(), given.content_type) == (200, CONTENT, "application/pdf")
        assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''r%C4%93%C4%B7ins.pdf"
        assert given.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in given.headers["content-security-policy"]
    async with knock.http.head(url) as head:
        assert (head.status, head.headers["content-length"]) == (200, str(len(CONTENT)))


async def test_what_is_over_changed_or_of_another_account_is_not_there(knock: Door) -> None:
    url = await _address(knock, ends=timedelta(hours=1))
    over = await _address(knock, ends=timedelta(days=-1))
    for wrong in (over, f"{url}0", url.replace("sms-main", "chat-main"), url.replace("sms-main", "nobody")):
        async with knock.http.get(wrong) as answer:
            assert answer.status == 404, wrong
    async with knock.http.post(url) as answer:
        assert answer.status == 404
