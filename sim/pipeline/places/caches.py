"""Places of the caches."""

from pteg.pipeline.places.part import Memory, Part, Signal

__all__ = ["CastoutBuffer", "DataArray", "DataCache", "DataOperation", "Directory", "Held",
           "InstructionCache", "L2Cache", "L2Operation", "L2Requests", "L2Sram", "L2Tags"]


class Directory(Part):
    address: Signal
    write: Signal               # the block at `address` gets a new state
    write_way: Signal
    write_state: Signal
    flash: Signal
    written: Signal             # a bit for each set whose rows mean something
    valids: Memory
    modifieds: Memory

    def tag(self, way: int) -> Memory:
        return Memory(self.at(f"tag{way}"))


class InstructionCache(Part):
    bus__valid: Signal          # instructions are read
    bus__addr: Signal
    block__done: Signal         # an icbi has been done
    block__pa: Signal
    hits: Signal
    misses: Signal
    directory: Directory


class Held(Part):
    """The request that the data cache works on."""

    client: Signal
    op: Signal
    type: Signal
    pa: Signal
    size: Signal
    wimg: Signal
    wdata: Signal


class CastoutBuffer(Part):
    busy: Signal
    line: Signal                # number of the block
    copying: Signal             # from this way of the data array
    from_way: Signal
    index: Signal               # of the double word that is copied next
    copied: Signal

    def word(self, number: int) -> Signal:
        return Signal(self.at(f"word{number}"))


class DataOperation(Part):
    """The active operation."""

    state: Signal
    held: Held
    way: Signal
    beat: Signal                # of a reload: so many double words have arrived


class DataArray(Part):
    words: Memory


class DataCache(Part):
    operation: DataOperation
    array: DataArray
    directory: Directory
    buffer: CastoutBuffer
    control__enable: Signal
    bus__done: Signal
    bus__error: Signal
    bus__rdata: Signal
    hits: Signal
    misses: Signal
    castouts: Signal


class L2Tags(Part):
    kept_way: Signal            # where the block is, or is to be
    fresh: Signal               # the block replaces a line
    index: Signal
    sector: Signal
    way: Signal
    enter: Signal               # the sector enters, the next one leaves
    enter_modified: Signal
    leave: Signal
    clean: Signal               # the sector `cleaned` is no longer modified
    cleaned: Signal
    clear: Signal               # the set becomes empty

    def marks(self, which: str, way: int) -> Memory:
        """A bit for each sector: `which` is "valid" or "modified"."""
        return Memory(self.at(f"{which}{way}"))

    def tag(self, way: int) -> Memory:
        return Memory(self.at(f"tag{way}"))


class L2Requests(Part):
    pa: Signal                  # of the request that is worked on


class L2Operation(Part):
    state: Signal


class L2Sram(Part):
    words: Memory

    def line(self, number: int) -> Signal:
        """A double word of the block on its way."""
        return Signal(self.at(f"line{number}"))


class L2Cache(Part):
    """Only there if the machine has one."""

    requests: L2Requests
    operation: L2Operation
    tags: L2Tags
    sram: L2Sram
    hits: Signal
    misses: Signal
    castouts: Signal
