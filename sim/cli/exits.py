"""The exit codes of the `pteg` command."""

import enum

__all__ = ["ExitCode", "table"]


class ExitCode(enum.IntEnum):
    """Exit codes; each has a `meaning`."""

    meaning: str

    def __new__(cls, value, meaning):
        code = int.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code

    DONE = 0, "done; a run ended at a limit or, with `--until`, at the text"
    FAILED = 1, ("the simulated machine stopped or is stuck, or `--oracle stop` found something; a "
                 "limit came before the text of `--until` or `--fast-forward-until`; a window or a "
                 "trigger was not reached")
    REFUSED = 2, ("bad usage, bad input, or a file that cannot be read or written; one line on "
                  "stderr says which")
    HUNG_UP = 129, "ended by SIGHUP: the terminal has gone"
    INTERRUPTED = 130, "ended by SIGINT or Ctrl-C"
    UNREAD = 141, "the reader of standard output has gone"
    TERMINATED = 143, "ended by SIGTERM"


def table() -> str:
    """All of them, as a list in Markdown."""
    return "\n".join(f"* {code:d}: {code.meaning}" for code in ExitCode)
