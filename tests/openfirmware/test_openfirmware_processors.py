"""Several processors: a node for each, and Linux finds and starts them all."""

import re
from pathlib import Path

import pytest

import pteg
from pteg.firmware.openfirmware.board import Board
from pteg.firmware.openfirmware.machine_tree import machine_tree
from pteg.presets import mac99

KERNEL = Path(__file__).parents[3] / "shared" / "linux" / "vmlinux-pmac-smp"
#: GPIOs of KeyLargo, as the properties of a real machine name them.
SOFT_RESETS = (0x5B, 0x5C, 0x67, 0x68)


def number(prompt, path, name):
    """A property of one cell."""
    (value,) = prompt.stack(f'" {name}" " {path}" find-package drop get-package-property '
                            "drop decode-int nip nip")
    return value


@pytest.mark.parametrize("preset", ["g3", "mac99"])
@pytest.mark.parametrize("processors", [1, 2])
def test_each_processor_has_a_node(make_prompt, preset, processors):
    prompt = make_prompt(preset, processors=processors)
    paths = re.findall(r"/cpus/PowerPC,750@\d", prompt("show-devs"))
    assert paths == [f"/cpus/PowerPC,750@{n}" for n in range(processors)]
    assert [number(prompt, path, "reg") for path in paths] == list(range(processors))
    states = [re.search(r"state +(\w+)", prompt(f"dev {path} .properties device-end"))[1]
              for path in paths]
    assert states == ["running"] + ["stopped"] * (processors - 1)
    # The processor that runs the firmware is the MMU of /chosen.
    assert prompt.stack('" cpu" " /chosen" find-package drop get-package-property drop '
                        'decode-int nip nip ihandle>phandle " /cpus/@0" find-package drop =',
                        ) == [-1]


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["g3", "mac99"])
def test_the_pipeline_model_has_them_too(make_prompt, preset):
    prompt = make_prompt(preset, cpu="pipeline", processors=2)
    assert re.findall(r"PowerPC,750@\d", prompt("dev /cpus ls")) == [
        "PowerPC,750@0", "PowerPC,750@1"]


def test_a_mac_says_which_pins_start_a_processor():
    def cpus(processors):
        tree = machine_tree(Board(mac99(processors=processors)))
        return [node.properties for node in tree.cpu.parent.children]

    for n, (properties, pin) in enumerate(zip(cpus(4), SOFT_RESETS, strict=True)):
        assert properties["reg"] == [n] and properties["soft-reset"] == [pin]
        assert properties["timebase-enable"] == [0x73]
    assert "soft-reset" not in cpus(1)[0]


def test_a_g3_has_a_doorbell(make_prompt):
    assert number(make_prompt("g3", processors=2), "/flipper/doorbell", "reg") == 0x0C00B000
    assert "doorbell" not in make_prompt("g3")("show-devs")


@pytest.mark.slow
@pytest.mark.parametrize("processors", [2, 4])
def test_linux_starts_all_processors(processors):
    if not KERNEL.exists():
        pytest.skip(f"needs ../shared/linux/{KERNEL.name}")
    machine = pteg.Machine("mac99", cpu="functional", rom="openfirmware", processors=processors)
    machine.preload(KERNEL, "console=ttyPZ0 -- 10")
    assert machine.run(until="INIT: done", instructions=3_000_000_000) == "console"
    printed = machine.console.read().decode()
    assert f"Brought up 1 node, {processors} CPUs" in printed
    found = dict(re.findall(r"SMP: ([a-z-]+) (ok|BAD)", printed))
    assert found.pop("all") == "ok" and set(found.values()) == {"ok"} and len(found) == 19
