"""MOL inside MOL: HostL runs MOL, whose guest is HostL, which runs MOL, whose guest is HostL."""

from pteg.firmware.hosts.hostl.image import build, build_with_mol


def test_three_storeys(new_session):
    """The inner MOL's vectors, segments and shadow entries are a guest's, and all of it works."""
    third = build("hash=64K swap=512K")
    second = build_with_mol("swap=1M", guests={"third": third})
    host = new_session(elf=build_with_mol(guests={"second": second}), ram="64M")
    free, vectors = host.free(), host.machine.memory.read(0, 0x3000)
    host("insmod mol")
    assert "32768 KB memory" in host("mol second 32")
    assert host("mol third 4").startswith("mol: no module")     # there is none in the second yet
    host("insmod mol")
    assert "4096 KB memory" in host("mol third 4", instructions=60_000_000)
    host.check()
    assert host("echo from the third", instructions=60_000_000) == "from the third\n"
    host.check()
    host.machine.console.write(b"\x04")         # the first hears it, and all above it ends
    host.read()
    assert host.machine.memory.read(0, 0x3000) == vectors
    host("rmmod mol")
    assert host.free() == free
