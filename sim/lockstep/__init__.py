"""Both processor models side by side, and the random programs that they are compared with."""

from pteg.lockstep.lockstep import Lockstep, Mismatch

__all__ = ["Lockstep", "Mismatch"]
