"""HostX: ports, rights, messages, fast traps."""


def test_a_server_and_its_clients(hostx):
    """user/ports.c checks the sums, the refusals, a dead port, and the words of the fast traps."""
    for _ in range(5):
        assert hostx("ports") == "ports: ok\n"
    hostx.check()
    data = hostx.checker.data
    assert not any(message.used for message in data.messages)
    # The kernel's port, with its own reference, is all that is left.
    assert [port.references for port in data.ports if port.references] == [1]


def test_the_kernel_reaches_processes_through_the_window_only(hostx):
    """In the kernel no segment is that of a process; in a process all are its own."""
    machine = hostx.machine
    hostx.type("stress 1 10 50")
    increment, kernel, user = hostx.checker.data.vsid_increment, 0, 0
    for _ in range(300):
        machine.run(instructions=61)
        segments = [segment.vsid for segment in machine.mmu.segments()[:12]]
        spaces = {vsid & 0xFFFFF for vsid in segments}
        if machine.cpu.msr & 0x4000:
            user += 1
            assert spaces == {machine.cpu.spr["SPRG2"] & 0xFFFFF}
            assert spaces.pop() % increment == 0
        elif (machine.symbols.name(machine.cpu.pc) or "").startswith(("mach", "console", "page")):
            kernel += 1
            assert spaces == {0}
    assert user > 5 and kernel > 5
    assert hostx.read().endswith("stress: ok\n")
