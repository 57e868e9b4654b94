"""The hardware for a platform: the system of hw/system.py, compiled by the engine.

What is compiled has numbered targets in place of the devices. Which device a target is, and where,
is said when the design is loaded: machines with other devices are the same design.
"""

from dataclasses import fields
from pathlib import Path

from pteg.devices import Devices
from pteg.engine import load_design
from pteg.engine.compiled import digest_design
from pteg.errors import UserError
from pteg.hw.bus.memory_map import ADDRESS_SPACE, NOWHERE, check_map
from pteg.hw.parameters import Parameters
from pteg.mutants import MUTANTS, NONE
from pteg.pipeline.mutated import MutatedHardware
from pteg.waiting import waiting

__all__ = ["UNNAMED", "description", "load_system", "make_system", "names", "sources", "unnamed"]

#: Paths leave out the name of the only processor; see `pteg.engine.compile_design`.
UNNAMED = ["cpu0"]

#: The number of targets is a multiple of this: a mac99 has ten devices. Others have no address.
TARGETS = 12


def names(platform):
    """Paths of the processors: one alone has none."""
    count = platform.parameters.processors
    return [f"cpu{number}" for number in range(count)] if count > 1 else [""]


def unnamed(platform):
    """Components whose names the paths of signals leave out."""
    return UNNAMED if platform.parameters.processors == 1 else []


def numbered(platform):
    """What is compiled in place of a platform's devices.

    Returns
    -------
    memory_map : dict of str to (int, int)
        No target has an address.
    names : dict of str to str or None
        The device that each target is, if it is one. The last is the device that answers where no
        other does.
    """
    devices = [name for name, (_, size) in platform.memory_map.items() if size < ADDRESS_SPACE]
    everywhere = list(platform.memory_map)[len(devices):] or [None]
    devices += [None] * (-(len(devices) + 1) % TARGETS) + everywhere
    names = {f"bus_target{number}": name for number, name in enumerate(devices)}
    return dict.fromkeys(names, NOWHERE), names


def make_system(platform, memory_map=None):
    """The hardware for a platform's devices, or for another memory map.

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
    return System(memory_map or platform.memory_map, processors,
                  master=platform.master is not None)


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
    memory_map, names = numbered(platform)
    devices = None

    def build():
        nonlocal devices
        devices = Devices(platform).compile_ahead()
        return make_system(platform, memory_map)

    with waiting("compiling the processor (only the first time)"):
        native = load_design(build, sources=sources(), name="system", cycle=True,
                             parameters=description(platform, memory_map), names=names,
                             unnamed=unnamed(platform))
        if devices is not None:
            devices.result()
    return native


def sources():
    """The files that describe the hardware."""
    from pteg import hw

    return [Path(hw.__file__).parent]


def description(platform, memory_map):
    """Everything else that determines the hardware for a platform, JSON-able."""
    return {**{parameter.name: getattr(platform.parameters, parameter.name)
               for parameter in fields(Parameters)},
            "targets": list(memory_map),    # where they are is an input
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
