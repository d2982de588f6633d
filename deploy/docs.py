"""Writes the generated parts of docs/ (`make docs`); a test compares what is committed with what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from services.agents.settings import AgentsSettings
from services.ingest.settings import IngestSettings
from services.notify.settings import NotifySettings
from services.router.settings import RouterSettings
from trunkline.local import LocalSettings
from trunkline.settings import CommonSettings
from trunkline.settings_table import environment_table, with_environment

CONFIGURATION: Final = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
MODELS: Final[dict[str, type[CommonSettings]]] = {
    "ingest": IngestSettings,
    "router": RouterSettings,
    "agents": AgentsSettings,
    "notify": NotifySettings,
    "up": LocalSettings,
}


def configuration_page() -> str:
    """docs/configuration.md as it should be."""
    return with_environment(CONFIGURATION.read_text(encoding="utf-8"), environment_table(MODELS))


if __name__ == "__main__":
    CONFIGURATION.write_text(configuration_page(), encoding="utf-8")
    sys.stdout.write(f"{CONFIGURATION.name} written\n")
