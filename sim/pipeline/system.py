"""The hardware for a platform: the system of hw/system.py, compiled by the engine."""

from dataclasses import fields
from pathlib import Path

from pteg.devices import Devices
from pteg.engine import load_design
from pteg.engine.compiled import digest_design
from pteg.errors import UserError
from pteg.hw.bus.memory_map import ADDRESS_SPACE, check_map
from pteg.hw.parameters import Parameters
from pteg.mutants import MUTANTS, NONE
from pteg.pipeline.mutated import MutatedHardware
from pteg.waiting import waiting

__all__ = ["UNNAMED", "description", "load_system", "make_system", "names", "sources", "unnamed"]

#: Paths leave out the name of the only processor; see `pteg.engine.compile_design`.
UNNAMED = ["cpu0"]


def names(platform):
    """Paths of the processors: one alone has none."""
    count = platform.parameters.processors
    return [f"cpu{number}" for number in range(count)] if count > 1 else [""]


def unnamed(platform):
    """Components whose names the paths of signals leave out."""
    return UNNAMED if platform.parameters.processors == 1 else []


def make_system(platform):
    """The hardware for a platform's devices.

    Returns
    -------
    pteg.hw.system.System
    """
    parameters = platform.parameters
    if parameters.mutant == NONE:
        from pteg.hw.processor import Processor
        from pteg.hw.system import System
    else:
        hardware = MutatedHardware(MUTANTS[parameters.mutant])
        Processor = hardware.module("pteg.hw.processor").Processor
        System = hardware.module("pteg.hw.system").System
    processors = [Processor(parameters, number, mmu=platform.mmu and platform.mmu(parameters))
                  for number in range(parameters.processors)]
    return System(platform.memory_map, processors, master=platform.master is not None)


def load_system(platform):
    """Compile the hardware for a platform, or get it from the cache.

    While it is being compiled, another process compiles the devices.

    Returns
    -------
    pteg.engine.Native
    """
    try:
        check_map(platform.memory_map)
    except ValueError as error:
        raise UserError(f"the pipeline model cannot decode these addresses: {error}") from None
    devices = None

    def build():
        nonlocal devices
        devices = Devices(platform).compile_ahead()
        return make_system(platform)

    with waiting("compiling the processor (only the first time)"):
        native = load_design(build, sources=sources(), parameters=description(platform),
                             name="system", cycle=True, unnamed=unnamed(platform))
        if devices is not None:
            devices.result()
    return native


def sources():
    """The files that describe the hardware."""
    from pteg import hw

    return [Path(hw.__file__).parent]


def description(platform):
    """Everything else that determines the hardware for a platform, JSON-able."""
    return {**{parameter.name: getattr(platform.parameters, parameter.name)
               for parameter in fields(Parameters)},
            # Where they are is an input.
            "devices": [(name, size == ADDRESS_SPACE)
                        for name, (_, size) in platform.memory_map.items()],
            "master": platform.master is not None,
            **({"mmu": _own_mmu(platform)} if platform.mmu else {}),
            **_fault(platform)}


def _fault(platform):
    """The text that a mutant has changed."""
    name = platform.parameters.mutant
    return {} if name == NONE else {"mutant": (MUTANTS[name].file, MUTANTS[name].source())}


def _own_mmu(platform):
    """Of what the user's function makes; neither its name nor the text of its file tells that."""
    from pteg.hw.mmu.mmu import Mmu

    mmu = platform.mmu(platform.parameters)
    ports = getattr(getattr(mmu, "signature", None), "members", {})
    missing = sorted(set(Mmu.__annotations__) - set(ports))
    if missing:
        raise UserError("mmu must make a component with the ports of pteg.hw.mmu.mmu.Mmu: "
                        f"{type(mmu).__name__} has no {', '.join(missing)}")
    return digest_design(mmu, "mmu")
