"""Sizes of the 750 that are no parameters (parameters.py), for the hardware and the simulator."""

__all__ = ["CQ_MOST", "CREDITS", "FETCH_WIDTH", "IQ_ENTRIES", "RENAMES_MOST", "WIDTH",
           "JUNCTION_TEMPERATURE", "BEATS", "LINE_BITS", "TLB_MOST_SETS",
           "TLB_MOST_WAYS", "L2_SIZES", "PROCESSORS_MOST"]

#: Entries of the instruction queue (MPC750 UM 1.2.1, 6.1).
IQ_ENTRIES = 6
#: Entries of the completion queue, and rename buffers of a register file, at most: for the width of
#: what names one of them.
CQ_MOST, RENAMES_MOST = 15, 16
#: Instructions that one fetch brings at most: a quad word.
FETCH_WIDTH = 4
#: Instructions dispatched, and retired, in one cycle at most.
WIDTH = 2
#: Folded branches that can complete with one instruction.
CREDITS = 3

#: Degrees Celsius that the thermal sensor measures: nothing gets warmer here.
JUNCTION_TEMPERATURE = 45

#: Address bits of a byte within its cache block of 32 bytes (MPC750 UM 3.1).
LINE_BITS = 5
#: Data beats of a burst: a cache block, 8 bytes at a time (MPC750 UM 8.3.2.3).
BEATS = 4

#: Processors of a machine, at most.
PROCESSORS_MOST = 4

#: Sets of a TLB and entries of a set, at most.
TLB_MOST_SETS, TLB_MOST_WAYS = 256, 8

#: Bytes of an L2 cache: the value of L2CR[L2SIZ], sets, sectors of a line (MPC750 UM table 9-1).
L2_SIZES = {256 << 10: (1, 2048, 2), 512 << 10: (2, 4096, 2), 1 << 20: (3, 4096, 4)}
