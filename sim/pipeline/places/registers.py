"""Places of the registers."""

from pteg.pipeline.places.part import Memory, Part, Signal

__all__ = ["ConditionRegister", "FloatRegisters", "LinkRegisters", "Monitor", "Registers",
           "SpecialRegisters", "ThermalUnit", "TimeBase"]


class Registers(Part):
    gpr: Memory


class FloatRegisters(Part):
    fpr: Memory


class ConditionRegister(Part):
    cr: Signal
    so: Signal
    ov: Signal
    ca: Signal
    count: Signal               # XER[25-31]
    spare: Signal               # XER[16-23]


class LinkRegisters(Part):
    lr: Signal
    ctr: Signal


class TimeBase(Part):
    tb: Signal
    dec: Signal
    prescaler: Signal           # core cycles since the last tick
    pending: Signal             # a decrementer exception waits


class Monitor(Part):
    mmcr0: Signal
    mmcr1: Signal
    sia: Signal
    pmc1: Signal
    pmc2: Signal
    pmc3: Signal
    pmc4: Signal


class ThermalUnit(Part):
    thrm1: Signal
    thrm2: Signal
    thrm3: Signal
    pending: Signal             # a thermal management interrupt waits


class SpecialRegisters(Part):
    """MSR and the SPRs that no other part has."""

    msr: Signal
    srr0: Signal
    srr1: Signal
    asleep: Signal              # a power-save mode
    asleep_cycles: Signal

    def spr(self, name: str) -> Signal:
        """By its name in lower case."""
        return Signal(self.at(name))
