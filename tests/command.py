"""The command `pteg` for tests: each is a process of its own, without the seconds of its imports.

A server imports what commands need, runs a machine, so that compiled code is loaded, and then forks
for each of them. A test of how the process itself begins or is ended (signals, terminals, closed
streams), or of what is compiled, starts `python -m pteg` instead.
"""

import atexit
import functools
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["run_pteg"]

#: What commands import when they begin to work.
WORK = ("pteg.cli.commands", "pteg.cli.build", "pteg.cli.run", "pteg.functional.cpu",
        "pteg.pipeline.cpu", "pteg.pipeline.driver")
#: Before a test changes it.
ENVIRONMENT = dict(os.environ)


def run_pteg(*arguments, cwd=None, stdin=b"", text=True, timeout=300, limit=None, stdout=None):
    """Run the command and wait for it.

    Parameters
    ----------
    arguments : objects
        As texts; bytes as they are.
    stdin : bytes
    text : bool
        stdout and stderr of the result are texts.
    timeout : int
        In seconds.
    limit : int, optional
        No file may grow beyond so many bytes, as on a full disk; nor what is written to stdout.
    stdout : path, optional
        What is written goes there, not into the result.

    Returns
    -------
    subprocess.CompletedProcess
    """
    arguments = [os.fsdecode(item if isinstance(item, bytes) else str(item)) for item in arguments]
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("stdin", "stdout", "stderr")]
        with open(files[0], "wb") as file:
            file.write(stdin)
        if stdout:
            files[1] = os.fspath(stdout)
        code = _server()({"arguments": arguments, "cwd": os.fspath(cwd or os.getcwd()),
                          "files": files, "timeout": timeout, "limit": limit,
                          "env": dict(os.environ)})
        out, err = (b"" if name == stdout else Path(name).read_bytes() for name in files[1:])
    if code == -signal.SIGALRM:
        raise subprocess.TimeoutExpired(["pteg", *arguments], timeout, out, err)
    if text:
        out, err = out.decode(), err.decode()
    return subprocess.CompletedProcess(["pteg", *arguments], code, out, err)


@functools.cache
def _server():
    """Start the server of this process; return the function that runs a command."""
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    atexit.register(process.stdin.close)

    def run(command):
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    return run


def _serve():
    for name in WORK:
        __import__(name)
    from pteg import Machine

    for cpu in ("functional", "pipeline"):
        Machine("g3", cpu=cpu).run(cycles=100)
    gc.freeze()     # a child does not look through all of that for garbage
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(command):
    """Turn this process into the command."""
    from pteg.cli.commands import main

    for number, name in enumerate(command["files"]):
        file = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    if command["limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (command["limit"], command["limit"]))
    signal.alarm(command["timeout"])
    sys.argv = ["pteg", *command["arguments"]]
    main()


if __name__ == "__main__":
    _serve()
