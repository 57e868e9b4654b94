"""Scenarios: small guests, each for one thing that a hypervisor must get right.

Tests and `pteg mol run` use the same ones.
"""

from pteg.mol.scenarios import (
    devices,
    exceptions,
    firmware,
    host,
    hostx,
    modes,
    sessions,
    shadow,
    table,
)
from pteg.mol.scenarios.scenario import HostScenario, Scenario

__all__ = ["SCENARIOS", "Scenario", "HostScenario"]

#: By name, in the order of the list.
SCENARIOS = {scenario.name: scenario for scenario in sorted(
    (scenario for module in (sessions, hostx, shadow, host, table, modes, exceptions, devices,
                                  firmware)
     for scenario in module.SCENARIOS), key=lambda scenario: scenario.number)}
