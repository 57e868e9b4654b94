"""Strings of accesses, and what pagers do with them: the judges of lab L7."""

import random
from dataclasses import dataclass

__all__ = ["Access", "FILES", "FRAME_COUNT", "PAGES", "POLICIES", "Pager", "new_string", "reads"]

#: Pages 0 to FILES - 1 are a file; the last ones are never stored to; frames.
PAGES, FILES, FRAME_COUNT = 40, 16, 8
_READ_ONLY = range(32, PAGES)
#: Accesses of each phase, phases, and pages that a phase uses often.
_LENGTH, _PHASES, _OFTEN = 120, 4, 4


@dataclass(frozen=True)
class Access:
    """An access of a word of a page."""

    page: int
    word: int
    store: bool


class Pager:
    """Frames, and the pages in them.

    Parameters
    ----------
    string : list of Access
        It may grow.
    policy : str
        One of `POLICIES`.

    Attributes
    ----------
    frames : list of int
        Pages; the one that came first is in front, and so is the hand of the clock.
    referenced, dirty : set of int
        Pages with R and C.
    reads : int
        Pages that the disk has read.
    """

    def __init__(self, string: list[Access], policy: str):
        self.string, self._victim = string, POLICIES[policy]
        self.frames: list[int] = []
        self.used: dict[int, int] = {}
        self.referenced: set[int] = set()
        self._own, self._on_disk = set(range(FILES)), set(range(FILES))
        self.dirty: set[int] = set()
        self.reads = 0

    def access(self, time: int) -> None:
        """Make the access with this number."""
        access = self.string[time]
        if access.store:
            self._own.add(access.page)
        if access.page not in self._own:
            return      # it shares the template
        if access.page not in self.frames:
            if len(self.frames) == FRAME_COUNT:
                victim = self._victim(self, time)
                self.frames.remove(victim)
                self._on_disk |= self.dirty & {victim}
                self.dirty.discard(victim)
            self.reads += access.page in self._on_disk
            self.frames.append(access.page)
        self.used[access.page] = time
        self.referenced.add(access.page)
        if access.store:
            self.dirty.add(access.page)


def _fifo(pager: Pager, time: int) -> int:
    return pager.frames[0]


def _lru(pager: Pager, time: int) -> int:
    return min(pager.frames, key=lambda page: pager.used[page])


def _opt(pager: Pager, time: int) -> int:
    def next_use(page):
        return next((later for later in range(time + 1, len(pager.string))
                     if pager.string[later].page == page), len(pager.string))
    return max(pager.frames, key=next_use)


def _clock(pager: Pager, time: int) -> int:
    while pager.frames[0] in pager.referenced:
        pager.referenced.discard(pager.frames[0])
        pager.frames.append(pager.frames.pop(0))
    return pager.frames[0]


#: What is replaced: the best that can be, the least recently used, second chance, the oldest.
POLICIES = {"opt": _opt, "lru": _lru, "clock": _clock, "fifo": _fifo}


def reads(string: list[Access], policy: str) -> int:
    """Pages that a pager reads from the disk."""
    pager = Pager(string, policy)
    for time in range(len(string)):
        pager.access(time)
    return pager.reads


def new_string(rng: random.Random) -> list[Access]:
    """Phases in which a few pages are used often, and all others once in a while.

    Between the phases, the page that a clock would replace next, now and then with R and C clear,
    is stored to; then another one needs a frame, and the first is read again. So a pager needs R
    and C while they are written.
    """
    string: list[Access] = []
    clock = Pager(string, "clock")

    def add(page: int, store: bool) -> None:
        string.append(Access(page, rng.randrange(1024), store))
        clock.access(len(string) - 1)

    def absent() -> int:
        return rng.choice([page for page in range(FILES) if page not in clock.frames])

    for _ in range(_PHASES):
        often = rng.sample(range(_READ_ONLY[0]), _OFTEN)
        others = rng.sample(range(PAGES), PAGES)
        for turn in range(_LENGTH):
            page = rng.choice(often) if turn % 4 else others[turn // 4]
            add(page, page not in _READ_ONLY and rng.random() < 0.4)
        for turn in range(_LENGTH // 5):
            while turn % 8 == 7 and clock.frames[0] in clock.referenced | clock.dirty:
                add(absent(), False)
            page = clock.frames[0]
            add(page, True)
            add(absent(), False)
            add(page, False)
    # In the end everything is read once more, so that nothing lost remains unseen.
    for access in {access.page: access for access in string if access.store}.values():
        string.append(Access(access.page, access.word, False))
    for page in _READ_ONLY:
        add(page, False)
    return string
