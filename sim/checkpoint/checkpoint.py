"""Checkpoints: the whole machine in a file, and back. docs/checkpoints.md describes the format.

A checkpoint contains memories and devices as they are, the architectural state with pending
exceptions, the bytes of the processor that are newer than memory, and the state of the processor
model. The same model continues exactly, cycle by cycle. The other model takes over the
architectural state.

Left out: things outside the machine, such as recordings, and console text that has not been read.
"""

import os

import numpy as np

from pteg import __version__
from pteg.boot.rom import NONE
from pteg.checkpoint import container, pages, records
from pteg.components.roles import Storage, has_role
from pteg.cpu import CPUS, model_class
from pteg.errors import UserError
from pteg.firmware import images
from pteg.memory import write_back
from pteg.parameters import differences, read_parameters
from pteg.state import ARCH_STATE, PENDING
from pteg.symbols import Symbols

__all__ = ["save", "restore"]

#: What the processor has newer than memory: `size` bytes at `address`. The later, the newer.
BLOCK = 32
NEWER = np.dtype([("address", "u4"), ("size", "u4"), ("bytes", "u1", BLOCK)])

#: How a restored machine continues; see `restore`.
EXACT, ARCHITECTURAL = "exact", "architectural"


def save(machine, path):
    """Write a checkpoint of `machine`; an existing file is replaced when the new one is complete.

    Raises
    ------
    UserError
        The file cannot be written, or a disk's file, which it would have to name, is gone.
    """
    model = machine.model
    parts = {"arch": model.get_state(), "pending": model.get_pending(),
             "newer": _newer(model.modified())}
    devices = []
    for device in machine.platform.devices:
        parts[f"device.{device.name}"] = device.state
        file, before = pages.origin(device)
        parts[f"pages.{device.name}"], parts[f"memory.{device.name}"] = pages.changed(
            device.memory, before)
        devices.append([device.name, type(device).__name__, device.base, device.size,
                        len(device.memory), file])
    parts |= {f"model.{name}": part for name, part in model.snapshot().items()}
    manifest = {
        "pteg": __version__, "preset": machine.preset, "options": machine.options,
        "parameters": machine.platform.parameters.changed(),
        "rom": machine.rom, "devices": devices, "cpu": machine.cpu_name, "identity": model.identity,
        "boundary": model.at_boundary, "cycle": machine.cycle,
        "instructions": machine.instructions,
        "layouts": {name: records.layout(part.dtype) for name, part in parts.items()},
    }
    container.write(path, manifest, {name: records.pack(part) for name, part in parts.items()})


def _contents(device):
    return device and device.memory.tobytes()


def _newer(modified):
    rows = np.zeros(len(modified), NEWER)
    for row, (address, data) in zip(rows, modified, strict=True):
        row["address"], row["size"] = address, len(data)
        row["bytes"][:len(data)] = np.frombuffer(data, np.uint8)
    return rows


def restore(make, path, cpu=None, platform=None, parameters=None):
    """Make a machine from a checkpoint.

    Parameters
    ----------
    make : type
        `pteg.Machine`, or a subclass.
    path : path
    cpu : str, optional
        Processor model; by default the one that was saved.
    platform : Platform, optional
        The devices, for a machine that was not made from a preset.
    parameters : dict, optional
        Of the processor, instead of those that were saved.

    Returns
    -------
    Machine
        Its `restored` is "exact", or "architectural" if another processor model, or another
        version of it, took over the architectural state.
    """
    with container.Reader(path) as file:
        try:
            return _Restorer(make, file).machine(cpu, platform, parameters or {})
        except UserError as error:
            if str(error).startswith(f"{file.name}: "):
                raise
            raise UserError(f"{file.name}: {error}") from None
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            # What passes the checksums and is still nonsense was made so.
            raise file.damaged(" ".join(str(error).split())) from None


class _Restorer:
    """Reads one file, and believes nothing in it."""

    def __init__(self, make, file):
        self._make, self._file, self._manifest = make, file, file.manifest
        for name, kind in (("options", dict), ("parameters", dict), ("devices", list),
                           ("layouts", dict), ("cpu", str), ("identity", str),
                           ("boundary", bool)):
            if not isinstance(self._manifest.get(name), kind):
                raise file.damaged(f"its manifest has no {name!r}")

    def machine(self, cpu, platform, parameters):
        manifest, saved = self._manifest, self._manifest["cpu"]
        if saved not in CPUS:
            raise self._file.damaged(f"processor model {saved!r} is not known")
        wanted = cpu or saved
        rom = manifest.get("rom")
        machine = self._make(*self._platform(platform), cpu=wanted,
                             rom=rom if rom in images.images() else NONE,
                             **self._options(platform) | parameters)
        programmed = _contents(machine.platform.rom)
        self._devices(machine.platform)
        if _contents(machine.platform.rom) != programmed:       # another version's
            machine.symbols, machine.rom = Symbols(), None
        arch, pending = self._record("arch", ARCH_STATE), self._record("pending", PENDING)
        self._check(arch[0], pending[0])
        several = machine.platform.parameters.processors > 1
        if wanted != saved and (several or not manifest["boundary"]):
            # Only the saved model can complete what it was in, and knows the other processors.
            machine.cpu_name = saved
        if machine.cpu_name == saved:
            self._compare(machine.platform.parameters)
        model = machine.model
        same = machine.cpu_name == saved and model.identity == manifest["identity"]
        if same:
            parts = {name: self._record(f"model.{name}", part.dtype, part.shape)
                     for name, part in model.snapshot().items()}
            model.restore(parts, arch)
        elif several:
            raise UserError(f"saved with several processors by another version of the {saved} "
                            f"model, which alone can go on from there")
        elif manifest["boundary"]:
            write_back(machine.platform, self._modified())
            model.set_pending(pending)
            model.set_state(arch)
        else:
            raise UserError(f"saved within an instruction or a transfer by another version "
                            f"of the {saved} model, which alone can go on from there")
        if machine.cpu_name != wanted:
            machine.hand_over(wanted)
        machine.restored = EXACT if same and wanted == saved else ARCHITECTURAL
        return machine

    def _platform(self, platform):
        preset = self._manifest.get("preset")
        if platform is not None:
            return (platform,)
        if preset is None:
            raise UserError("its machine was not made from a preset: "
                            "platform= must give the devices")
        return (preset if isinstance(preset, str) else str(preset),)

    def _options(self, platform):
        options = self._manifest["options"]
        if not all(isinstance(value, str | int) and len(str(value)) < 100
                   for value in options.values()):
            raise self._file.damaged("options must be numbers or short texts")
        return options if platform is None else {}

    def _compare(self, parameters):
        """What the saved model remembers is of the sizes of the machine that was saved."""
        saved = self._manifest["cpu"]
        different = differences(parameters, read_parameters(self._manifest["parameters"]),
                                model_class(saved).depends)
        if different:
            raise UserError(f"{different[0]} as in the checkpoint: the {saved} model cannot go on "
                            f"from it, the other one can from an instruction boundary")

    def _check(self, arch, pending):
        """Numbers that the models could not cope with."""
        if arch["pc"] % 4:
            raise self._file.damaged(f"pc must be a multiple of 4, not {arch['pc']:#x}")
        for name in ("cycle", "instructions"):
            if not 0 <= pending[name] < 1 << 60:
                raise self._file.damaged(f"{name} must not be negative or absurd")

    # Memories and devices ---------------------------------------------------------------------

    def _modified(self):
        """What the processor had newer than memory, as `pteg.cpu.Cpu.modified` gives it."""
        count = self._file.size("newer") // records.size(NEWER)
        found = self._record("newer", NEWER, (count,))
        if np.any(found["size"] > BLOCK):
            raise self._file.damaged(f"what is newer than memory must have {BLOCK} bytes at most")
        return [(int(row["address"]), row["bytes"][:row["size"]].tobytes()) for row in found]

    def _devices(self, platform):
        listed = self._manifest["devices"]
        ours = [[d.name, type(d).__name__, d.base, d.size] for d in platform.devices]
        if [row[:4] if isinstance(row, list) else row for row in listed] != ours:
            raise UserError(f"its devices are not those of this machine: "
                            f"{', '.join(row[0] for row in ours)}")
        for device, row in zip(platform.devices, listed, strict=True):
            length, file = row[4:]
            if file is not None:
                if not hasattr(device, "attach"):
                    raise self._file.damaged(f"{device.name} has no file")
                pages.map_origin(device, file, os.path.dirname(self._file.name))
            if length != len(device.memory):
                if (has_role(device, Storage) or file is not None or type(length) is not int
                        or not 0 < length <= pages.LARGEST):
                    raise self._file.damaged(f"memory of {device.name} has a wrong size")
                device.memory = np.zeros(length, np.uint8)
            elif file is None:
                device.memory[:] = 0
            device.state[:] = self._record(f"device.{device.name}", device.dtype)
            pages.fill(device.memory, *self._pages(device))
            device.check()

    def _pages(self, device):
        """Numbers and contents of the pages of a device's memory."""
        name, most = device.name, -(-len(device.memory) // pages.PAGE)
        count = self._file.size(f"pages.{name}") // 4
        if count > most:
            raise self._file.damaged(f"{name} has more pages than memory")
        numbers = self._record(f"pages.{name}", np.dtype("u4"), (count,)).astype(np.int64)
        if count and (np.any(np.diff(numbers) <= 0) or numbers[-1] >= most):
            raise self._file.damaged(f"pages of {name} must be in order and inside its memory")
        return numbers, self._record(f"memory.{name}", np.dtype("u1"), (count, pages.PAGE))

    def _record(self, name, dtype, shape=(1,)):
        """The array of a section; its fields must be those of this version."""
        theirs, ours = self._manifest["layouts"].get(name), records.layout(dtype)
        if theirs != ours:
            raise UserError(f"{name} has other fields in this version of pteg")
        data = self._file.section(name, records.size(dtype, int(np.prod(shape))))
        return records.unpack(data, dtype).reshape(shape)

