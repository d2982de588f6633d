"""`trunkline reset`: forget everything that `trunkline up` keeps on this machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

import typer

from trunkline.cli.up import CannotStart, held
from trunkline.local import LocalSettings
from trunkline.settings import SettingsError, load_settings

# By name, and nothing else: TRUNKLINE_DATA_DIR may point at a folder that holds other things too.
OURS: Final = ("log", "board", "blobs", "spool", "record.db", "record.db-wal", "record.db-shm", "record.db-journal")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("reset")
    def command() -> None:
        """Delete the log, the board, the record and the blobs that `trunkline up` keeps on this machine."""
        raise typer.Exit(reset())


def reset() -> int:
    """Delete what is ours in the data folder; 1, with a sentence, when it is in use."""
    try:
        folder = load_settings(LocalSettings).data_dir
        if not folder.exists():
            print(f"{folder.absolute()} does not exist; nothing to delete")
            return 0
        with held(folder):
            return _emptied(folder)
    except (SettingsError, CannotStart) as error:
        print(f"nothing was deleted: {error}", file=sys.stderr)
        return 1


def _emptied(folder: Path) -> int:
    gone = [name for name in OURS if (folder / name).exists()]
    for name in gone:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"deleted from {folder.absolute()}: {', '.join(gone) or 'nothing, there was nothing of ours'}")
    return 0
