"""What was skipped and why, as the last words of a run; with CI=true or --no-skips a skip is a failure.

Loaded by `python -m pytest -p tests.plugin_skips`, as `make test` does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

_REASONS = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test makes the run fail (also: CI=true)")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REASONS] = Counter()
    config.pluginmanager.register(_Listener(config), "skips listener")


class _Listener:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._note(report.longrepr)

    def _note(self, longrepr: object) -> None:
        words = str(longrepr[2]) if isinstance(longrepr, tuple) and len(longrepr) == 3 else str(longrepr)
        self._config.stash[_REASONS][words.removeprefix("Skipped: ")] += 1

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Outermost, so that these lines stand after pytest's own last one."""
        reasons = self._config.stash[_REASONS]
        is_worker = hasattr(self._config, "workerinput")  # xdist: its skips are told by the one who collects them
        forbidden = bool(reasons) and not is_worker and _skips_forbidden(self._config)
        if forbidden and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield
        if not is_worker:
            _print(self._config, reasons, forbidden=forbidden)


def _skips_forbidden(config: pytest.Config) -> bool:
    return bool(config.getoption("--no-skips")) or os.environ.get("CI", "").lower() in {"1", "true"}


def _print(config: pytest.Config, reasons: Counter[str], *, forbidden: bool) -> None:
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:
        return
    if not reasons:
        terminal.write_line("nothing was skipped")
        return
    total = reasons.total()
    terminal.write_line(f"{total} skipped, which fails this run:" if forbidden else f"{total} skipped:", red=forbidden)
    for words, count in reasons.most_common():
        terminal.write_line(f"  {count} x {words}")
