"""The process that reads mails: `python -m services.ingest.mail_reader FOLDER`; see `mail_readers`, which runs it.

A line in: the digest of a mail in the blobs of FOLDER. A line out: the letter, or why it cannot be read. It may be
killed at any moment, by its own CPU limit or from outside: nothing is lost, for the mail is kept already.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

import orjson

from trunkline.blobs import Blobs
from trunkline.channels.email.letter import read
from trunkline.channels.email.scan import TooMuch

CPU_S = 10
"""Seconds of CPU for one mail."""

MEMORY_BYTES = 1_073_741_824


def main(folder: Path) -> None:
    """Read mails until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; we end when it closes our input
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    blobs = Blobs(folder)
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_S + 1, resource.RLIM_INFINITY))
        sys.stdout.buffer.write(_answer(blobs, line.decode().strip()) + b"\n")
        sys.stdout.buffer.flush()


def _answer(blobs: Blobs, digest: str) -> bytes:
    try:
        letter = read(blobs.path(digest).read_bytes(), blobs.put_now)
        return orjson.dumps({"letter": letter.model_dump(mode="json")})
    except TooMuch as error:
        return orjson.dumps({"unread": str(error)})
    except MemoryError:
        return orjson.dumps({"unread": "it needs too much memory"})
    except OSError as error:
        # Not the mail's fault: a full disk. The sender shall come again.
        return orjson.dumps({"away": f"{type(error).__name__}: {error.strerror}"})
    except Exception as error:  # noqa: BLE001  whatever a hostile mail makes a parser raise: the mail is kept, with this reason
        return orjson.dumps({"unread": f"its structure cannot be read ({type(error).__name__})"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
