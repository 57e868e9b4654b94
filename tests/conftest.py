"""Fixtures for all tests."""

import importlib.util
import signal
from pathlib import Path

import pytest

# Tests send signals to programs that they start. Where signals are ignored (`nohup`, background
# jobs of a shell), these programs would ignore them too.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler)


def load_helper(name):
    """Import a helper file of the tests; its folder is not a package."""
    path = Path(__file__).parent / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compare_with_amaranth():
    """The function that runs a component in Amaranth's simulator and in the engine.

    `compare_with_amaranth(component, cycles=1000, seed=0)`; see tests/engine/compare.py.
    """
    return load_helper("engine/compare.py").compare_with_amaranth


@pytest.fixture(scope="session")
def random_design():
    """The class that makes a random design from a source of choices."""
    return load_helper("engine/random_design.py").RandomDesign


@pytest.fixture(scope="session")
def random_bench():
    """The module that runs random testbenches."""
    return load_helper("engine/random_bench.py")


@pytest.fixture(scope="session")
def probe():
    """The class that accesses one device's registers; see tests/components/probe.py."""
    return load_helper("components/probe.py").Probe


@pytest.fixture(scope="session")
def read_vcd():
    """The function that reads a VCD file strictly; see tests/waveforms/strict_vcd.py."""
    return load_helper("waveforms/strict_vcd.py").read


@pytest.fixture(scope="session")
def openbios():
    """Path of the OpenBIOS that the system has installed."""
    from pteg.errors import UserError
    from pteg.firmware import installed

    try:
        return installed.find("openbios")
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def openbios_prompt(openbios, tmp_path_factory):
    """A checkpoint of a mac99 at OpenBIOS' prompt, what it had printed, and its disk's file."""
    return load_helper("functional/openbios.py").boot(openbios, tmp_path_factory.mktemp("mac99"))


@pytest.fixture(scope="session")
def smp_linux():
    """The kernel with CONFIG_SMP, and device trees for it; see tests/functional/smp_linux.py."""
    helper = load_helper("functional/smp_linux.py")
    if not helper.KERNEL.exists():
        pytest.skip(f"kernel is not there: {helper.KERNEL.name}")
    return helper


# Long tests -----------------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: only with --all"))
