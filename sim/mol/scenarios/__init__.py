"""Scenarios: small guests, each for one thing that a hypervisor must get right.

Tests and `pteg mol run` use the same ones.
"""

from pteg.mol.scenarios import devices, exceptions, host, modes, shadow, table
from pteg.mol.scenarios.scenario import Scenario

__all__ = ["SCENARIOS", "Scenario"]

#: By name, in the order of the list.
SCENARIOS = {scenario.name: scenario for scenario in sorted(
    (scenario for module in (shadow, host, table, modes, exceptions, devices)
     for scenario in module.SCENARIOS), key=lambda scenario: scenario.number)}
