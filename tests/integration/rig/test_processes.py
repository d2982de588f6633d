"""A service under test is really started, killed, paused and ended, and what happened is proved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from trunkline.testing.deployment import ROOT
from trunkline.testing.errors import ChildError
from trunkline.testing.nursery import POSSIBLE, Nursery
from trunkline.testing.ports import free_port
from trunkline.testing.processes import Service, http_status

pytestmark = pytest.mark.faults

_SERVICE = """
import http.server, os, signal, sys, threading, time

class Answer(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Answer.asked += 1
        self.send_response(200 if self.path == "/readyz" and Answer.asked > 3 else 503)
        self.end_headers()
    def log_message(self, *words):
        pass

def main():
    print("word:", os.environ.get("TRUNKLINE_WORD"), "inherited:", os.environ.get("TRUNKLINE_INHERITED"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["TRUNKLINE_PORT"])), Answer)
    def leave(*_):
        print("leaving")
        threading.Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, leave)
    server.serve_forever()
    sys.exit(int(os.environ.get("TRUNKLINE_STATUS", "0")))

if __name__ == "__main__":
    main()
"""


@pytest.fixture(
    params=["executed", pytest.param("forked", marks=pytest.mark.skipif(not POSSIBLE, reason="Linux only"))]
)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Service]:
    (tmp_path / "example_service.py").write_text(_SERVICE)
    monkeypatch.setenv("TRUNKLINE_INHERITED", "must not be seen")
    port = free_port()
    nursery = None
    if request.param == "forked":
        nursery = Nursery(["example_service"], cwd=tmp_path, path=[tmp_path, ROOT / "shared"])
    yield Service(
        "example_service",
        env={"TRUNKLINE_PORT": str(port), "TRUNKLINE_WORD": "given"},
        log=tmp_path / "log",
        ready_url=f"http://127.0.0.1:{port}/readyz",
        cwd=tmp_path,
        nursery=nursery,
    )
    if nursery is not None:
        nursery.close()


async def test_start_returns_when_the_service_says_that_it_is_ready(service: Service) -> None:
    async with service:
        await service.start()

        assert service.ready_url is not None
        assert await http_status(service.ready_url) == 200
        assert psutil.Process(service.pid).is_running()
        await service.stop()


async def test_it_sees_the_environment_it_was_given_and_no_other_of_ours(service: Service) -> None:
    async with service:
        await service.start()
        await service.stop()

        assert "word: given inherited: None" in service.output()
        assert "leaving" in service.output()


async def test_kill_is_proved_by_the_exit_status_and_the_log_goes_on_in_the_next_life(service: Service) -> None:
    async with service:
        await service.start()
        await service.kill()
        assert service.returncode == -9
        await service.start()
        await service.stop()

        assert service.output().count("word: given") == 2


async def test_an_earlier_end_is_not_taken_for_our_kill(service: Service) -> None:
    async with service:
        await service.start()
        psutil.Process(service.pid).terminate()
        await service.ended(status=0)

        with pytest.raises(ChildError, match="ended with 0, not -9"):
            await service.kill()


async def test_a_wrong_exit_status_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "falls.py").write_text("print('why it fell'); raise SystemExit(3)")
    async with Service("falls", env={}, log=tmp_path / "log", cwd=tmp_path) as service:
        service.spawn()
        with pytest.raises(ChildError, match=r"ended with 3, not 0(?s:.)*why it fell"):
            await service.ended(status=0)


async def test_a_service_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    (tmp_path / "falls.py").write_text("print('why it fell'); raise SystemExit(3)")
    url = f"http://127.0.0.1:{free_port()}/readyz"
    async with Service("falls", env={}, log=tmp_path / "log", ready_url=url, cwd=tmp_path) as service:
        with pytest.raises(ChildError, match=r"ended with 3 before ready(?s:.)*why it fell"):
            await service.start()


async def test_a_service_that_is_never_ready_is_given_up_in_time(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(60)")
    url = f"http://127.0.0.1:{free_port()}/readyz"
    began = asyncio.get_running_loop().time()
    async with Service("sleeps", env={}, log=tmp_path / "log", ready_url=url, cwd=tmp_path) as service:
        with pytest.raises(ChildError, match="not ready within"):
            await service.start(ready_within=0.3)
        pid = service.pid
    assert not psutil.pid_exists(pid)
    assert asyncio.get_running_loop().time() - began < 3


async def test_a_service_deaf_to_sigterm_is_killed_and_reported(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    async with Service("deaf", env={}, log=tmp_path / "log", cwd=tmp_path) as service:
        await service.start()
        async with asyncio.timeout(5):
            while "deaf" not in service.output():
                await asyncio.sleep(0.01)
        with pytest.raises(ChildError, match="to end"):
            await service.stop(within=0.3)
        assert service.returncode == -9


async def test_a_paused_service_stands_and_goes_on(service: Service) -> None:
    async with service:
        await service.start()
        assert service.ready_url is not None

        await service.pause()
        assert psutil.Process(service.pid).status() == psutil.STATUS_STOPPED
        assert await http_status(service.ready_url) is None
        await service.resume()

        assert await http_status(service.ready_url) == 200
        await service.pause()
        await service.stop()  # a paused one can be ended too
