"""What the computers of a cluster have compiled, for each other.

A shelf is a plugin of Dask's scheduler. A worker asks it for each file that its own cache does not
have. The first one that asks has to make the file, and the others wait until they get it; what the
client's cache has, the client gives. The names of files have hashes of all that they depend on, the
processor and the versions among them, so a worker of another kind asks for other names.
"""

import asyncio
import functools
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import Client, Scheduler, get_worker
from distributed.diagnostics.plugin import SchedulerPlugin
from distributed.utils import sync

from pteg import cache_folder
from pteg.engine.cache import digest_files

__all__ = ["Act", "lend"]

Act = Callable[[str], Any]
#: Seconds for which a worker waits for a file before it makes its own: more than any takes.
PATIENCE = 300


class Shelf(SchedulerPlugin):
    """The files of a sweep, in the scheduler.

    A worker that is making a file does not wait for another one, so that no two wait for each
    other: it may make a file twice then.

    Parameters
    ----------
    name : str
        Of the plugin, and of the topic on which the client is asked.
    client : str
        Name of the client.
    offered : set of str
        Files that the client has.
    """

    def __init__(self, name: str, client: str, offered: set[str]):
        self.name, self._client, self._offered = name, client, offered
        self._files: dict[str, bytes] = {}
        self._makers: dict[str, str] = {}

    async def start(self, scheduler: Scheduler) -> None:
        self._changed, self._log = asyncio.Condition(), scheduler.log_event
        for act in (self.take, self.put, self.leave):
            scheduler.handlers[f"{self.name}-{act.__name__}"] = act

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        if client == self._client:
            for act in (self.take, self.put, self.leave):
                del scheduler.handlers[f"{self.name}-{act.__name__}"]
            scheduler.remove_plugin(self.name)

    async def take(self, file: str, worker: str) -> bytes | None:
        """A file; None if the worker has to make it."""
        while file not in self._files:
            if file in self._offered:
                self._offered.remove(file)
                self._makers[file] = self._client
                self._log(self.name, file)
            maker = self._makers.setdefault(file, worker)
            if maker == worker or worker in self._makers.values():
                return None
            async with self._changed:
                await self._changed.wait()
        return self._files[file]

    async def put(self, file: str, data: bytes) -> None:
        """A file that has been made."""
        self._files[file] = data
        self._makers.pop(file, None)
        await self._change()

    async def leave(self, worker: str) -> None:
        """A worker makes nothing any more: its point is done, or it has died.

        Also the client, which does not have the file any more.
        """
        left = [file for file, maker in self._makers.items() if maker == worker]
        for file in left:
            del self._makers[file]
        if left:
            await self._change()

    async def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        await self.leave(worker)

    async def _change(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class _AtWorker:
    """A shelf as the cache uses it (`pteg.cache_folder.Shelf`).

    Nothing depends on it: without an answer, a worker makes what it needs.
    """

    def __init__(self, name: str):
        self._name, self._worker = name, get_worker()

    def take(self, name: str) -> bytes | None:
        return self._ask("take", file=name, worker=self._worker.address)

    def put(self, name: str, data: bytes) -> None:
        self._ask("put", file=name, data=data)

    def leave(self) -> None:
        self._ask("leave", worker=self._worker.address)

    def _ask(self, act: str, **values: Any) -> Any:
        with suppress(OSError, TimeoutError, ValueError):
            return sync(self._worker.loop, getattr(self._worker.scheduler, f"{self._name}-{act}"),
                        callback_timeout=PATIENCE, **values)


class _Borrowing:
    """Does something at a worker with a shelf, if the worker has the client's pteg."""

    def __init__(self, name: str, version: str, act: Act):
        self._name, self._version, self._act = name, version, act

    def __call__(self, text: str) -> Any:
        if _version() != self._version:
            return self._act(text)
        shelf = _AtWorker(self._name)
        try:
            with cache_folder.borrowing(shelf):
                return self._act(text)
        finally:
            shelf.leave()


@functools.cache
def _version() -> str:
    """A hash of pteg's sources: functions that they compile are kept by name and text only."""
    import pteg
    from pteg import components, firmware, hw, waveforms

    return digest_files(Path(package.__path__[0])
                        for package in (pteg, components, firmware, hw, waveforms))


def lend(client: Client, act: Act) -> Act:
    """Put up a shelf at a client's scheduler, as long as the client is there.

    Returns
    -------
    callable
        What workers are to do instead of `act`: the same with the shelf.
    """
    name = f"pteg-{uuid.uuid4().hex}"

    async def give(event: tuple[float, str]) -> None:
        """The client is asked for a file."""
        _, file = event
        data = cache_folder.read(file)
        scheduler: Any = client.scheduler
        if data is None:    # removed meanwhile
            await getattr(scheduler, f"{name}-leave")(worker=client.id)
        else:
            await getattr(scheduler, f"{name}-put")(file=file, data=data)

    client.subscribe_topic(name, give)
    try:
        client.register_plugin(Shelf(name, client.id, cache_folder.names()))
    except Exception:   # whatever the scheduler raises: it may take no plugins, or have no pteg
        return act
    return _Borrowing(name, _version(), act)
