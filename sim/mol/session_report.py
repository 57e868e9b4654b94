"""What a report shows of a session of MOL: its exits with what they did to the registers, and the
guest's translation beside MOL's.
"""

from typing import Any

import numpy as np

from pteg.hw.isa.exceptions import Vector
from pteg.mol.hostb import HostB
from pteg.mol.hostl import HostL
from pteg.mol.phases import BY_WORLD, Phase, landmarks
from pteg.mol.register_ledger import REGISTERS, ledger
from pteg.mol.replay import Replay
from pteg.mol.storeys import storeys
from pteg.pipeline.driver import Tap
from pteg.pipeline.exits import ExitClock
from pteg.pipeline.switches import Moment, Switches
from pteg.report.changes import Changes

__all__ = ["SessionData", "exits"]


class SessionData:
    """Follows a session, from the guest's first entry on.

    Parameters
    ----------
    session : HostB or HostL
    """

    def __init__(self, session: HostB | HostL):
        machine = session.machine
        assert machine.worlds is not None       # every session has some
        self._session, self._places = session, session.places()
        self._switches = Switches(
            machine.model.native, machine.model.places, machine.worlds,
            landmarks(machine.symbols, session.base), BY_WORLD,
            (Phase.CODE_IN_C, Phase.HOST, Phase.USER), REGISTERS)
        self._tap = Tap(self._switches.tracer, self._switches)
        machine.model.driver.taps.append(self._tap)

    def data(self, changes: Changes, clock: ExitClock) -> dict[str, Any]:
        """The ledger and the storeys, when the recording ends."""
        machine, switches = self._session.machine, self._switches.exits
        machine.model.driver.taps.remove(self._tap)
        memory = Replay(machine.ram.base, changes.memory, changes.words)
        return {
            "ledger": ledger(self._places, self._session.guest_word, switches, clock.exits, memory),
            "storeys": storeys(self._places, memory, switches["cycle"][:, Moment.ENTERED],
                               switches["cycle"][1:, Moment.LEFT])}


def exits(records: np.ndarray, kinds: list[str]) -> dict[str, Any]:
    """Exits as a report has them.

    Parameters
    ----------
    records : array of pteg.pipeline.exits.exit_record
    kinds : list of str
        The kind of each.
    """
    names = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))
    cycles = records["cycles"]
    return {"phases": [phase.name for phase in Phase], "kinds": names,
            "kind": np.array([names.index(kind) for kind in kinds], np.uint32),
            "cycle": records["cycle"].astype(np.uint32), "pc": records["pc"].astype(np.uint32),
            "vectors": {int(vector): vector.name for vector in Vector},
            "instructions": records["instructions"].sum(1).astype(np.uint32),
            "cycles": cycles.astype(np.uint32).ravel()}
