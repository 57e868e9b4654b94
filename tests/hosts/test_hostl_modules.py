"""HostL: a module takes over a vector, gets a device, hears of flushes and switches, and goes."""

import re


def counts(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def test_a_module_comes_and_goes(hostl):
    vectors = hostl.machine.memory.read(0, 0x3000)
    assert hostl("watch") == "watch: the module is not loaded\nwatch: status 1\n"
    assert hostl("insmod watch") == ""
    assert hostl("insmod watch") == "insmod: failed\n"
    assert hostl("insmod nothing") == "insmod: failed\n"
    assert hostl.machine.memory.read(0x900, 4) != vectors[0x900:0x904]
    before = counts(hostl("watch"))
    hostl("sleep 10")
    after = counts(hostl("watch"))
    assert after[0] <= after[4] <= after[0] + 1     # the module's page, mapped into the process
    assert 10 <= after[0] - before[0] <= 12     # ticks
    assert after[1] > before[1] and after[3] >= before[3] + 4
    hostl.check()
    assert hostl("rmmod watch") == ""
    assert hostl("rmmod watch") == "rmmod: failed\n"
    assert hostl.machine.memory.read(0, 0x3000) == vectors
    hostl("sleep 3")
    hostl.check()


def test_each_page_that_goes_is_told(hostl):
    """Processes end: their pages are flushed, at least those that they have stored to."""
    hostl("insmod watch")
    before = counts(hostl("watch"))[2]
    hostl("stress 1 30 10")
    after = counts(hostl("watch"))[2]
    hostl("rmmod watch")
    assert after - before >= 2 * 30
