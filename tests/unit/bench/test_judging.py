"""How the bench judges: what counts as steady, which figures count, and that its own wire formats are right."""

from __future__ import annotations

import asyncio
import os
import time
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from tests.bench import words
from tests.bench.backlog import Backlog, behind, growing
from tests.bench.cpu import CpuMeter, Life, MemorySampler, Used
from tests.bench.door import Door
from tests.bench.figures import GOALS, Figure
from tests.bench.samples import Numbers, Samples, summarise
from tests.bench.websocket import connect


def _samples(*messages: float, records: float = 0) -> list[Backlog]:
    return [Backlog(one, records) for one in messages]


def test_a_level_backlog_is_steady_and_one_that_climbs_is_not() -> None:
    level = _samples(*[100, 90, 110, 105, 95, 100] * 3)
    climbing = _samples(*range(0, 1_800, 100))

    assert growing(level, rate=1_000) is None
    assert "messages on the way grew" in (growing(climbing, rate=1_000) or "")


def test_records_that_pile_up_before_the_record_are_not_steady() -> None:
    samples = [Backlog(10, count) for count in range(0, 18_000, 1_000)]

    assert "records on the way grew" in (growing(samples, rate=1_000) or "")


def test_one_hiccup_does_not_make_a_run_unsteady() -> None:
    assert growing(_samples(*[50] * 14, 900, *[50] * 3), rate=1_000) is None


def test_a_run_of_a_few_seconds_is_not_judged_steady() -> None:
    assert growing(_samples(0, 0, 0), rate=1_000) is not None


@pytest.mark.parametrize(("messages", "records", "held"), [(400, 1_900, True), (600, 0, False), (0, 2_100, False)])
def test_a_rung_holds_with_half_a_second_on_the_way(messages: float, records: float, held: bool) -> None:
    assert (behind(Backlog(messages, records), rate=1_000) is None) is held


def test_a_figure_that_does_not_count_has_no_value_but_says_what_was_measured() -> None:
    for reason in ("void", "unmet"):
        figure = Figure("router_restart_seconds", 0.4, **{reason: "because"})

        assert figure.as_json() == {
            "value": None, "unit": "s", "goal": 1.5, "stretch": 0.5, "better": "lower", reason: "because",
            "measured": 0.4,
        }  # fmt: skip
        assert "because" in figure.line()


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("whole_path_messages_per_second", 2_500, "met, stretch too"),
        ("whole_path_messages_per_second", 1_500, "met"),
        ("whole_path_messages_per_second", 1_499, "NOT MET"),
        ("idle_cpu_cores", 0.02, "met, stretch too"),
        ("mail_block_milliseconds", 1, "met"),
        ("idle_cpu_cores", 0.051, "NOT MET"),
    ],
)
def test_a_goal_is_met_on_its_own_side(name: str, value: float, verdict: str) -> None:
    assert Figure(name, value).verdict == verdict


def test_every_stretch_is_beyond_its_goal() -> None:
    for name, goal in GOALS.items():
        if goal.stretch is None:
            continue
        assert goal.met(goal.stretch, goal.goal), name
        assert not goal.met(goal.goal, goal.stretch), name


def test_percentiles_are_of_the_nearest_rank() -> None:
    found = summarise(number / 1_000 for number in range(1, 201))

    assert (found["count"], found["p50"], found["p99"], found["max"]) == (200, 100, 198, 200)


def test_only_what_began_within_a_window_counts() -> None:
    samples = Samples()
    for began in (1.0, 2.0, 3.0, 4.0):
        samples.add(began, began + began / 1_000)

    assert samples.summary([(1.5, 2.5), (3.5, 4.5)])["p50"] == pytest.approx(2)
    assert samples.first_end(begun_after=2.5) == pytest.approx(3.003)


def test_numbers_tell_what_is_missing_and_what_came_twice() -> None:
    numbers = Numbers()
    assert [numbers.add(number) for number in (0, 1, 3, 3)] == [True, True, True, False]

    assert (numbers.missing(0, 5), numbers.repeated, len(numbers)) == ([2, 4], 1, 3)


def test_words_carry_number_and_time_both_ways() -> None:
    assert words.read_question(words.question(17, 1_700_000_000.25, last=True)) == (17, 1_700_000_000.25, True)
    assert words.read_question(words.question(18, 2.0))[2] is False
    number, sent, asked = words.read_reply(words.reply(19, 5.0))
    assert (number, asked) == (19, 5.0)
    assert time.time() - sent < 5
    assert words.opened_with(words.caller(12_345_678)) == 12_345_678


def test_customers_sign_as_twilio_does() -> None:
    door = Door("http://127.0.0.1:7110/webhooks/sms-main", "AC" + "0" * 32, "a token", "+37120000000")
    head, _, body = door.request(sender="+37100000001", body="ā & b?", number=1, nonce=2**70).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))

    assert form["Body"] == "ā & b?"
    assert len(form["MessageSid"]) == 34
    assert int(headers["Content-Length"]) == len(body)
    assert RequestValidator("a token").validate(door.url, form, headers["X-Twilio-Signature"])


def test_cpu_adds_up_by_name() -> None:
    first, second = Used(2, {"router": 1.0, "kafka": 0.5}), Used(3, {"router": 0.5})
    assert (first + second).by_name == {"router": 1.5, "kafka": 0.5}
    assert (first + second).total == 2.0

    meter = CpuMeter(lambda: {"a": os.getpid()})
    sum(range(2_000_000))
    assert 0 < meter.used().total < 5


def test_growth_is_of_who_lived_through_both_stretches() -> None:
    sampler = MemorySampler(dict)
    sampler._began = time.monotonic() - 200
    old = [(float(second), 100_000_000 + (8_000_000 if second > 150 else 0)) for second in range(200)]
    sampler.lives = {1: Life("agents", old), 2: Life("router", [(float(second), 10**9) for second in range(180, 200)])}

    assert sampler.largest() == ("router", 1_000)
    grown = sampler.growth(base=(60, 120))
    assert grown is not None
    assert (grown[0], round(grown[1])) == ("agents", 8)


async def test_the_lean_websocket_reads_frames_however_they_are_cut() -> None:
    texts = [b"x" * size for size in (0, 1, 125, 126, 65_535, 65_536)]
    frames = b"".join(_frame(text) for text in texts)
    answered = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        data = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + frames
        for at in range(0, len(data), 777):
            writer.write(data[at : at + 777])
            await writer.drain()
        writer.write(b"\x89\x02hi")
        assert await reader.readexactly(8) == b"\x8a\x82\0\0\0\0hi"
        answered.set()
        writer.close()

    got: list[bytes] = []
    ended = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        socket = await connect(
            f"ws://127.0.0.1:{port}/desk", cookie="a=b", on_text=got.append, on_end=lambda _: ended.set()
        )
        async with asyncio.timeout(5):
            await answered.wait()
            await ended.wait()
        socket.close()
    assert got == texts


def _frame(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text
