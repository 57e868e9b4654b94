"""The hardware for a platform: the system of hw/system.py, compiled by the engine."""

from pathlib import Path

from pteg.engine import load_design
from pteg.waiting import waiting

__all__ = ["UNNAMED", "load_system", "make_system"]

#: Paths leave out the name of the only processor; see `pteg.engine.compile_design`.
UNNAMED = ["cpu0"]


def make_system(platform, timebase_divider=8):
    """The hardware for a platform's devices.

    Returns
    -------
    pteg.hw.system.System
    """
    from pteg.hw.cache.l2 import L2Cache
    from pteg.hw.processor import Processor
    from pteg.hw.system import System

    l2 = L2Cache.of_size(platform.l2) if platform.l2 else None
    return System(platform.memory_map, Processor(l2=l2, timebase_divider=timebase_divider),
                  master=platform.master is not None)


def load_system(platform, timebase_divider):
    """Compile the hardware for a platform, or get it from the cache.

    While it is being compiled, another process compiles the platform's functions.

    Returns
    -------
    pteg.engine.Native
    """
    devices = None

    def build():
        nonlocal devices
        devices = platform.compile_ahead()
        return make_system(platform, timebase_divider)

    from pteg import hw

    with waiting("compiling the processor (only the first time)"):
        native = load_design(
            build, sources=[Path(hw.__file__).parent], name="system", unnamed=UNNAMED,
            parameters={"divider": timebase_divider, "l2": platform.l2,
                        "memory_map": platform.memory_map,
                        "master": platform.master is not None})
        if devices is not None:
            devices.result()
    return native
