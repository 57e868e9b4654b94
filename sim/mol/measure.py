"""Runs a scenario and reports what a session of MOL did: as a plain dict, which JSON can hold."""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from pteg.errors import UserError
from pteg.firmware.disasm import disassemble
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import Ledger
from pteg.mol.compare import differing
from pteg.mol.hostb import KVM_POLICIES, HostB
from pteg.mol.hostl import HostL
from pteg.mol.occupancy import occupancy
from pteg.mol.phases import BY_WORLD, Phase, landmarks
from pteg.mol.scenarios import SCENARIOS, HostScenario, Scenario
from pteg.worlds import GUESTS, World

__all__ = ["run", "measure"]

#: Key of what the functional model counts outside the guest.
OUTSIDE = "OUTSIDE"
#: Samples of the hash table in a run.
SAMPLES = 50
#: Cycles of a report.
REPORTED = 50_000


def run(scenario: str | Scenario | HostScenario, cpu: str = "functional", *,
        vcd: str | PathLike | None = None, report: str | PathLike | None = None,
        kvm: bool = False) -> dict[str, Any]:
    """Run a scenario.

    Parameters
    ----------
    scenario : str, Scenario or HostScenario
        The name of one of `pteg.mol.scenarios.SCENARIOS`, or your own.
    cpu : str
        "functional", or "pipeline", which knows cycles.
    vcd : path, optional
        A waveform from the first entry into the guest on; its signal `world` tells who owns the
        processor, `mol.*` are MOL's counters and the owners of the hash table's entries. For the
        pipeline.
    report : path, optional
        A report (docs/report.md) of the first `REPORTED` cycles from there on. For the pipeline.
    kvm : bool
        With KVM-PR's policies (docs/mol/policies.md) beside the scenario's options. Of scenarios on
        HostB.

    Returns
    -------
    dict
        See docs/mol/run.md.
    """
    chosen = _scenario(scenario)
    if (vcd is not None or report is not None) and cpu != "pipeline":
        raise UserError("a waveform or a report needs cpu='pipeline': the functional model has no "
                        "signals")
    if kvm:
        if isinstance(chosen, HostScenario):
            raise UserError(f"KVM-PR's policies are for scenarios on HostB, and {chosen.name} is "
                            "none: its line in the host's shell has letters for them")
        chosen = replace(chosen, options={**KVM_POLICIES, **chosen.options},
                         title=f"{chosen.title}; KVM-PR's policies")
    session = chosen.session(cpu)
    counted = measure(session, chosen, vcd, report)
    differences = throughput = None
    if isinstance(chosen, Scenario):
        throughput = _throughput(chosen, cpu, counted["worlds"])
    if isinstance(session, HostB) and chosen.as_bare:
        differences = differing(session.guest, session, chosen.limit)
    return {"scenario": chosen.name, "title": chosen.title, "number": chosen.number,
            "point": chosen.point, "cpu": cpu, **counted, "throughput": throughput,
            "differences": differences}


def _scenario(given: str | Scenario | HostScenario) -> Scenario | HostScenario:
    if not isinstance(given, str):
        return given
    if given not in SCENARIOS:
        raise UserError(f"scenario must be one of {', '.join(SCENARIOS)}, not {given!r}")
    return SCENARIOS[given]


def _throughput(scenario: Scenario, cpu: str, worlds: dict[str, Any]) -> dict[str, Any] | None:
    """How much less the guest does in a time than in the baseline's session."""
    if not scenario.baseline:
        return None
    name, options = scenario.baseline
    other = measure(replace(scenario, options=options).session(cpu), scenario)["worlds"]
    unit = "cycles" if cpu == "pipeline" else "instructions"
    took, baseline = (sum(row[unit] for row in each.values()) for each in (worlds, other))
    return {"against": name, "unit": unit, "took": took, "baseline": baseline,
            "drop": 1 - baseline / took}


def measure(session: HostB | HostL, scenario: Scenario | HostScenario,
            vcd: str | PathLike | None = None, report: str | PathLike | None = None,
            ) -> dict[str, Any]:
    """Run a session to the scenario's end, and count."""
    machine = session.machine
    if session.run(scenario.limit, until=session.entry) != "address":
        raise UserError(f"scenario {scenario.name}: the guest was never entered")
    clock = _clock(session)
    recording = _Report(session, clock, report) if report else _Nothing()
    with _waveform(session, vcd, scenario.signals) if vcd else _Nothing(), recording:
        samples, counters, stop = _run(session, scenario)
    worlds, exits = clock.results()
    return {"stop": str(stop), "cycles": machine.cycle if clock.timed else None,
            "instructions": machine.instructions,
            "console": machine.console.read().decode("latin-1"), "counters": counters,
            "worlds": worlds, "exits": exits, "occupancy": samples}


def _waveform(session, path, signals):
    from pteg.mol.signals import SessionSignals

    return session.machine.trace(path, signals, computed=[SessionSignals(session)])


def _run(session, scenario):
    """To the end, with samples of the hash table, which disturb nothing.

    The counters are the last ones before the session is gone.
    """
    machine = session.machine
    until = scenario.until(session)
    samples, counters, piece, stop = [], {}, 2_000, "instructions"
    while stop == "instructions" and machine.instructions < scenario.limit:
        if session.sdr1:
            samples.append({"instructions": machine.instructions, "cycles": machine.cycle,
                            **occupancy(machine, session.sdr1, session.session_of)})
        counters = session.counters() or counters
        stop = session.run(piece, until, undisturbed=True)
        if len(samples) > SAMPLES:
            del samples[1::2]
            piece *= 2
    return samples, session.counters() or counters, stop


class _Nothing:
    """A recording of nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


class _Report:
    """A report of the session's first cycles."""

    def __init__(self, session, clock, path):
        from pteg.mol.session_report import SessionData
        from pteg.report import record_report

        self._clock, self._data, begin = clock, SessionData(session), session.machine.cycle
        self._recording = record_report(
            session.machine, path, window=(begin, begin + REPORTED), session=self._session)

    def _session(self, changes):
        from pteg.mol.session_report import exits

        clock = self._clock
        return {"exits": exits(clock.exits, [clock.kind(row) for row in clock.exits]),
                "worlds": {world.name: int(cycles) for world, cycles in zip(
                    World, clock.cycles, strict=True) if cycles},
                **self._data.data(changes, clock)}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._recording.close()


def _clock(session):
    if session.machine.cpu_name == "pipeline":
        return _Cycles(session)
    return _Instructions(session)


class _Cycles:
    """Worlds and exits of the pipeline model, cycle by cycle."""

    timed = True

    def __init__(self, session):
        from pteg.pipeline.driver import Tap
        from pteg.pipeline.exits import ExitClock

        machine, self._session = session.machine, session
        self._clock = ExitClock(machine.model.native, machine.model.places, machine.worlds,
                                landmarks(machine.symbols, session.base), BY_WORLD, len(Phase))
        machine.model.driver.taps.append(Tap(self._clock.tracer, self._clock))

    def results(self):
        clock = self._clock
        worlds = {world.name: {"cycles": int(clock.cycles[world]),
                               "instructions": int(clock.instructions[world])}
                  for world in World if clock.cycles[world]}
        groups = defaultdict(list)
        for row in clock.exits:
            groups[self.kind(row)].append(row)
        return worlds, {kind: self._summary(np.array(rows)) for kind, rows in _sorted(groups)}

    @property
    def exits(self):
        """Every exit that has ended, an array of `pteg.pipeline.exits.exit_record`."""
        return self._clock.exits

    @property
    def cycles(self):
        """Cycles of each world."""
        return self._clock.cycles

    def kind(self, row):
        """The kind of an exit."""
        return _kind(self._session, int(row["vector"]) & 0xFFF00, int(row["pc"]))

    @staticmethod
    def _summary(rows):
        typical = rows[np.argsort(rows["cycles"].sum(1), kind="stable")[(len(rows) - 1) // 2]]
        return {"count": len(rows), "instructions": int(typical["instructions"].sum()),
                "cycles": int(typical["cycles"].sum()),
                "all_cycles": int(rows["cycles"].sum()),
                "phases": {phase.name: int(typical["cycles"][phase]) for phase in Phase
                           if typical["cycles"][phase]}}


class _Instructions:
    """The same from the ledger of the functional model, which has no cycles.

    Up to an event the processor belongs to the owner at that event if that is the guest. What
    belongs to whom outside the guest the ledger does not tell.
    """

    timed = False

    def __init__(self, session):
        self._session, self._book = session, Ledger(kinds="exception, return", keep=1 << 24)
        self._begin = session.machine.instructions
        session.machine.model.ledger(self._book.add)

    def results(self):
        records = self._book.records
        self._session.machine.model.ledger(None)
        steps = np.diff(records["instruction"].astype(np.int64), prepend=self._begin)
        inside = np.isin(records["world"], GUESTS)
        worlds = {world.name: {"cycles": None,
                               "instructions": int(steps[records["world"] == world].sum())}
                  for world in GUESTS if (records["world"] == world).any()}
        worlds[OUTSIDE] = {"cycles": None, "instructions": int(steps[~inside].sum())}
        groups = defaultdict(list)
        starts = np.flatnonzero(inside)
        ends = [*(starts[1:] - 1), *([len(records) - 1] if self._session.in_guest else [])]
        for start, end in zip(starts, ends, strict=False):
            kind = _kind(self._session, int(records["cause"][start]), int(records["pc"][start]))
            # The rfi is one of them.
            groups[kind].append(int(records["instruction"][end] - records["instruction"][start])
                                + 1)
        return worlds, {kind: {"count": len(costs), "cycles": None, "all_cycles": None,
                               "instructions": statistics.median_low(costs), "phases": None}
                        for kind, costs in _sorted(groups)}


def _sorted(groups: Mapping[str, list]):
    """The most frequent kinds first."""
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _kind(session, vector, pc):
    """The exception that left the guest, and the instruction if it was a privileged one."""
    cause = Vector(vector)
    word = session.guest_word(pc) if cause is Vector.PROGRAM else None
    if word is None:
        return cause.name
    text = disassemble(word, pc).split()
    register = text[1].split(",") if len(text) > 1 else []
    spr = [name for name in register if not name[1:].isdigit()]
    return " ".join([text[0], *spr] if text[0] in ("mfspr", "mtspr") else text[:1])
