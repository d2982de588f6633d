"""Errors that decide what becomes of a process."""

from __future__ import annotations


class Contradiction(Exception):
    """The world contradicts what this process believes: it was fenced, or what it read is stale.

    Waiting cannot help, so the process ends with exit status 3 and begins anew. Absence (a server that does not answer)
    is no contradiction: it is waited out.
    """


class StartFailed(Exception):
    """A service cannot start; the message is one sentence for the operator, logged without a stack."""
