"""Places: which signal of the design holds what. The only folder that knows the paths.

A path names the components from the outside to the inside, then the signal, with dots between
them; `port__member` is a signal of a port. The classes below have the structure of the design: an
attribute is a part, or a path of its own name. `Processor("")` has the paths of the only
processor, `Processor("cpu1")` those of a processor of that name.

    >>> Processor("").mmu.walker.state
    'mmu.walker.state'

Only what pteg itself reads or writes is here; waveforms show every signal.
"""

from pteg.pipeline.places.bus import Master, Target
from pteg.pipeline.places.caches import Directory, L2Tags
from pteg.pipeline.places.core import Core
from pteg.pipeline.places.part import Memory, Part, Port, Signal
from pteg.pipeline.places.system import Pause, Processor, System
from pteg.pipeline.places.units import LoadStoreUnit, Unit

__all__ = ["Core", "Directory", "L2Tags", "LoadStoreUnit", "Master", "Memory", "Part", "Pause",
           "Port", "Processor", "Signal", "System", "Target", "Unit"]
