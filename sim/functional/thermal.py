"""Thermal assist unit (IBM 750GX UM 2.1.4, 10.4): what `pteg.hw.core.thermal` says of THRM1 to 3.

The temperature stays as it is, so there is nothing to compare any more once all results are valid.
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.hw.sizes import JUNCTION_TEMPERATURE

__all__ = ["restart_thermal", "sync_thermal", "cycles_to_thermal"]


@compiled
def waits(thrm):
    """Whether the register is compared: not one that has asked for an interrupt."""
    asked = isa.THRM_TIN | isa.THRM_TIV | isa.THRM_TIE
    return thrm & isa.THRM_V != 0 and thrm & asked != asked


@compiled
def interval(s):
    return (s.thrm3 & isa.THRM3_SITV) // isa.THRM3_SITV_LEAST + 1


@compiled
def restart_thermal(m, s):
    """Begin the sample interval, if there is anything to compare."""
    m.thermal_turn = m.thermal_at = 0
    if s.thrm3 & isa.THRM3_E and (waits(0 | s.thrm1) or waits(0 | s.thrm2)):
        m.thermal_at = m.cycles + interval(s)


@compiled
def compared(m, thrm):
    """The register after its comparison."""
    threshold = (thrm & isa.THRM_THRESHOLD) // isa.THRM_THRESHOLD_LEAST
    crossed = (JUNCTION_TEMPERATURE < threshold if thrm & isa.THRM_TID
               else JUNCTION_TEMPERATURE > threshold)
    if crossed and thrm & isa.THRM_TIE:
        m.thermal = 1
    return thrm & ~isa.THRM_TIN | isa.THRM_TIV | (isa.THRM_TIN if crossed else 0)


@compiled
def sync_thermal(m, s):
    """Make the comparisons that are due."""
    while m.thermal_at and m.cycles >= m.thermal_at:
        first, second = waits(0 | s.thrm1), waits(0 | s.thrm2)
        if not s.thrm3 & isa.THRM3_E or not (first or second):
            m.thermal_at = 0
            return
        if second and (m.thermal_turn or not first):
            s.thrm2 = compared(m, 0 | s.thrm2)
            m.thermal_turn = 0
        else:
            s.thrm1 = compared(m, 0 | s.thrm1)
            m.thermal_turn = 1
        m.thermal_at += interval(s)
        if ((s.thrm1 & isa.THRM_TIV or not waits(0 | s.thrm1))
                and (s.thrm2 & isa.THRM_TIV or not waits(0 | s.thrm2))):
            m.thermal_at = 0


@compiled
def cycles_to_thermal(m):
    """Cycles until the next comparison; far away if there is none."""
    return m.thermal_at - m.cycles if m.thermal_at else 1 << 40
