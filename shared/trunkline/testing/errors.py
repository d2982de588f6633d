"""What can go wrong with the servers and processes that tests start."""


class ServerMissingError(RuntimeError):
    """This machine lacks the server; the text says what to install. Tests that need it are skipped."""


class ServerFailedError(RuntimeError):
    """The server did not start, or ended by itself; the text ends with its last lines."""


class ChildError(RuntimeError):
    """A child did not do what was asked; the text ends with the last lines of its output."""
