"""The running configuration: reloaded when its file changes; a bad file never replaces a good one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from trunkline.config.model import Config
from trunkline.config.problems import ConfigError
from trunkline.metrics import CONFIG_INFO, CONFIG_RELOAD_FAILED

log = structlog.get_logger()

POLL_S = 2.0
"""How soon a change is seen. A look is one stat(); SIGHUP looks at once (see `look_now`)."""

_Stamp = tuple[int, int, int]


class Watch:
    """Holds the configuration in use; readers take `current` anew for each message and keep nothing.

    The first load happens in the constructor and raises ConfigError: a service does not start on a bad file.
    """

    def __init__(
        self, path: Path, load: Callable[[Path], Config], *, on_change: Callable[[Config], None] | None = None
    ) -> None:
        self._path = path
        self._load = load
        self._on_change = on_change
        self._wake = asyncio.Event()
        self._seen = _stamp(path)
        self.current = load(path)
        self.last_error: ConfigError | None = None
        _tell_version(self.current)
        CONFIG_RELOAD_FAILED.set(0)

    @property
    def version(self) -> str:
        """The digest of the configuration in use."""
        return self.current.digest

    def refused(self) -> str | None:
        """Why the file as it stands now is not in use, in a few words; None while it is."""
        if self.last_error is None:
            return None
        problems = self.last_error.problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"{self._path.name} cannot be used, version {self.version} runs on: {problems[0]}{more}"

    def look_now(self) -> None:
        """Load the file at the next turn of the loop, changed or not; fit for `loop.add_signal_handler(SIGHUP, …)`."""
        self._seen = None
        self._wake.set()

    async def look(self) -> bool:
        """Reload if the file changed; True if another configuration is in use now.

        A file that cannot be used leaves `current` as it is and its problems in `last_error`, until a good one
        comes; the log, `trunkline_config_reload_failed` and `refused` tell people.
        """
        stamp = await asyncio.to_thread(_stamp, self._path)
        if stamp == self._seen and stamp is not None:
            return False
        self._seen = stamp  # taken before reading: a write that comes while we read is a change the next time
        try:
            config = await asyncio.to_thread(self._load, self._path)
        except ConfigError as error:
            self.last_error = error
            CONFIG_RELOAD_FAILED.set(1)
            log.error("config_refused", version=self.version, problems=[str(each) for each in error.problems[:5]])
            return False
        self.last_error = None
        CONFIG_RELOAD_FAILED.set(0)
        if config.digest == self.current.digest:
            return False
        if self._on_change is not None:
            self._on_change(config)
        self.current = config
        _tell_version(config)
        log.info("config_changed", version=self.version)
        return True

    async def run(self, *, poll_s: float = POLL_S) -> None:
        """Look every `poll_s` seconds and when told to, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(poll_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self.look()


def _tell_version(config: Config) -> None:
    CONFIG_INFO.clear()
    CONFIG_INFO.labels(config.digest).set(1)


def _stamp(path: Path) -> _Stamp | None:
    """What changes with the file, also when it is a link that now leads elsewhere (a ConfigMap); None: not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
