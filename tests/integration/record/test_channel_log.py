"""What went wrong at an account's door: the newest lines, of bounded size and number."""

from __future__ import annotations

from datetime import timedelta

from services.agents.repository import ChannelLine, Repository
from services.agents.repository.channel_log import KEPT_PER_ACCOUNT, MAX_DETAIL_BYTES

from .stories import START


def _line(number: int, account: str = "sms-main", detail: str = "") -> ChannelLine:
    return ChannelLine(
        account=account, kind="forged", reason=f"line {number}", at=START + timedelta(seconds=number), detail=detail
    )


async def test_the_newest_lines_of_an_account_come_first(record: Repository) -> None:
    for number in range(3):
        await record.channel_log.add([_line(number), _line(number, "other")])

    lines = await record.channel_log.newest("sms-main", limit=2)

    assert [line.reason for line in lines] == ["line 2", "line 1"]


async def test_only_so_many_lines_of_an_account_are_kept(record: Repository) -> None:
    await record.channel_log.add([_line(0, "quiet")])
    await record.channel_log.add([_line(number) for number in range(KEPT_PER_ACCOUNT)])
    await record.channel_log.add([_line(5_000)])

    lines = await record.channel_log.newest("sms-main", limit=KEPT_PER_ACCOUNT + 10)

    assert len(lines) == KEPT_PER_ACCOUNT
    assert lines[0].reason == "line 5000"
    assert len(await record.channel_log.newest("quiet")) == 1


async def test_a_long_detail_is_cut_between_characters(record: Repository) -> None:
    await record.channel_log.add([_line(0, detail="a" + "ā\x00" * MAX_DETAIL_BYTES)])

    detail = (await record.channel_log.newest("sms-main"))[0].detail

    assert MAX_DETAIL_BYTES - 4 < len(detail.encode()) <= MAX_DETAIL_BYTES
    assert set(detail) == {"a", "ā", "\ufffd"}
