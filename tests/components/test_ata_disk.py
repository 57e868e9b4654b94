"""The disk: PIO protocols, addresses, errors, and the file behind it."""

import hashlib
import multiprocessing
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from pteg.components.ata_disk import AtaDisk, Command
from pteg.errors import UserError

DATA, ERROR, COUNT, LOW, MIDDLE, HIGH, DEVICE, STATUS, CONTROL = (16 * n for n in range(9))
LINUX_CONTROL = 0x160
BSY, DRDY, DSC, DRQ, ERR = 0x80, 0x40, 0x10, 0x08, 0x01
SECTORS, LATENCY = 2000, 1000


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "disk.img"
    path.write_bytes(np.random.default_rng(1).bytes(512 * SECTORS))
    return path


class Drive:
    """What a driver does."""

    def __init__(self, probe, path=None, writable=False):
        self.device = AtaDisk(latency=LATENCY)
        if path is not None:
            self.device.attach(path, writable)
        self.probe = probe(self.device)
        self.get, self.put = self.probe.read, self.probe.write

    def command(self, code, sector=0, count=1, device=0x40):
        for register, value in ((DEVICE, device | sector >> 24), (COUNT, count & 0xFF),
                                (LOW, sector & 0xFF), (MIDDLE, sector >> 8 & 0xFF),
                                (HIGH, sector >> 16 & 0xFF), (STATUS, code)):
            self.put(register, value)

    def wait(self):
        self.probe.tick(LATENCY)
        return self.get(STATUS)

    def take(self, size=512, width=2):
        assert self.get(CONTROL) & DRQ
        return b"".join(self.get(DATA, width).to_bytes(width, "big")
                        for _ in range(size // width))

    def give(self, data, width=2):
        for i in range(0, len(data), width):
            assert self.get(CONTROL) & DRQ
            self.put(DATA, int.from_bytes(data[i:i + width], "big"), width)

    def read_sectors(self, sector, count, width=2, **how):
        self.command(Command.READ, sector, count, **how)
        data = b""
        for _ in range(count or 256):
            assert self.wait() == DRDY | DSC | DRQ
            data += self.take(width=width)
        return data


@pytest.fixture
def drive(probe, image):
    return Drive(probe, image)


def test_identify_tells_size_geometry_and_that_there_is_no_dma(drive):
    drive.command(Command.IDENTIFY)
    assert drive.get(STATUS) == BSY
    assert drive.wait() == DRDY | DSC | DRQ
    data = drive.take()
    words = np.frombuffer(data, "<u2")
    assert words[60] | int(words[61]) << 16 == SECTORS
    assert (words[1], words[3], words[6]) == (1, 16, 63)
    assert words[49] == 0x0200 and words[63] == 0 and words[88] == 0
    assert words[27:47].byteswap().tobytes().rstrip() == b"pteg disk"
    assert drive.get(STATUS) == DRDY | DSC


@pytest.mark.parametrize("width", [2, 4])
def test_sectors_are_read_in_the_order_of_the_bytes(drive, image, width):
    assert drive.read_sectors(1990, 3, width) == image.read_bytes()[1990 * 512:1993 * 512]
    assert drive.get(STATUS) == DRDY | DSC and drive.get(LOW) == 1992 & 0xFF


def test_a_count_of_zero_is_256_sectors(drive, image):
    assert drive.read_sectors(5, 0, 4) == image.read_bytes()[5 * 512:261 * 512]


def test_cylinder_addresses(drive, image):
    cylinder, head, sector = 1, 2, 7
    number = (cylinder * 16 + head) * 63 + sector - 1
    drive.put(DEVICE, head)
    drive.put(COUNT, 1)
    drive.put(LOW, sector)
    drive.put(MIDDLE, cylinder)
    drive.put(HIGH, 0)
    drive.put(STATUS, Command.READ)
    drive.wait()
    assert drive.take() == image.read_bytes()[number * 512:(number + 1) * 512]


def test_each_block_interrupts_and_reading_the_status_ends_it(drive):
    pin = drive.probe.pin
    drive.command(Command.READ, 0, 2)
    assert pin() == 0 and drive.probe.next_event() == LATENCY
    drive.probe.tick(LATENCY)
    assert pin() == 1
    assert drive.get(LINUX_CONTROL) & DRQ and pin() == 1, "the alternate status ends nothing"
    drive.get(STATUS)
    assert pin() == 0
    drive.take()
    drive.probe.tick(LATENCY)
    assert pin() == 1
    drive.put(CONTROL, 2)
    assert pin() == 0, "interrupts are off"
    drive.put(CONTROL, 0)
    assert pin() == 1


def test_several_sectors_in_a_block(drive, image):
    drive.command(Command.READ_MULTIPLE, 0, 3)
    assert drive.get(STATUS) == DRDY | DSC | ERR and drive.get(ERROR) == 4, "not set up"
    drive.command(Command.SET_MULTIPLE, count=2)
    assert drive.wait() == DRDY | DSC
    drive.command(Command.READ_MULTIPLE, 7, 3)
    data = b""
    for size in (1024, 512):
        assert drive.wait() & DRQ
        data += drive.take(size)
    assert data == image.read_bytes()[7 * 512:10 * 512]
    drive.command(Command.SET_MULTIPLE, count=3)
    assert drive.get(STATUS) & ERR


@pytest.mark.parametrize("multiple", [False, True])
def test_written_sectors_can_be_read_and_the_file_stays_as_it_was(drive, image, multiple):
    before = hashlib.sha256(image.read_bytes()).digest()
    data = np.random.default_rng(2).bytes(3 * 512)
    if multiple:
        drive.command(Command.SET_MULTIPLE, count=2)
        drive.wait()
    drive.command(Command.WRITE_MULTIPLE if multiple else Command.WRITE, 100, 3)
    assert drive.get(STATUS) == DRDY | DSC | DRQ and drive.probe.pin() == 0
    for part in ((data[:1024], data[1024:]) if multiple else
                 (data[:512], data[512:1024], data[1024:])):
        drive.give(part)
        assert drive.get(STATUS) == BSY
        drive.probe.tick(LATENCY)
        assert drive.probe.pin() == 1
    assert drive.get(STATUS) == DRDY | DSC
    assert drive.read_sectors(100, 3) == data
    assert hashlib.sha256(image.read_bytes()).digest() == before


def test_a_writable_disk_writes_to_its_file(probe, image):
    drive = Drive(probe, image, writable=True)
    before = image.read_bytes()
    drive.command(Command.WRITE, 1, 1)
    drive.give(b"\xA5" * 512, 4)
    drive.wait()
    assert image.read_bytes() == before[:512] + b"\xA5" * 512 + before[1024:]


def test_addresses_beyond_the_disk_are_errors(drive):
    for sector, count in ((SECTORS, 1), (SECTORS - 1, 2), ((1 << 28) - 1, 1)):
        for code in (Command.READ, Command.WRITE, Command.VERIFY):
            drive.command(code, sector, count)
            assert drive.get(STATUS) == DRDY | DSC | ERR and drive.get(ERROR) == 0x10
            drive.put(DATA, 0x1234, 2)
    drive.command(Command.READ, 0, 1, device=0)     # cylinder address with sector number 0
    assert drive.get(STATUS) & ERR


def test_diagnosis_says_that_the_device_has_passed(drive):
    drive.command(Command.READ, SECTORS)
    drive.command(Command.DIAGNOSE)
    assert drive.wait() == DRDY | DSC and drive.probe.pin() == 0
    assert [drive.get(r) for r in (ERROR, COUNT, LOW, MIDDLE, HIGH, DEVICE)] == [1, 1, 1, 0, 0, 0]


def test_geometry_is_what_was_asked_for(drive, image):
    """INITIALIZE DEVICE PARAMETERS: cylinder addresses and IDENTIFY's current values follow it."""
    drive.command(Command.GEOMETRY, count=10, device=0x40 | 3)      # 4 heads
    assert drive.wait() == DRDY | DSC
    for register, value in ((DEVICE, 2), (COUNT, 2), (LOW, 10), (MIDDLE, 5), (HIGH, 0),
                            (STATUS, Command.READ)):
        drive.put(register, value)
    number = (5 * 4 + 2) * 10 + 9
    data = b""
    for _ in range(2):
        drive.wait()
        data += drive.take()
    assert data == image.read_bytes()[number * 512:(number + 2) * 512]
    assert [drive.get(r) for r in (LOW, MIDDLE, DEVICE)] == [1, 5, 3]
    for register, value in ((DEVICE, 4), (LOW, 1), (STATUS, Command.READ)):
        drive.put(register, value)
    assert drive.get(STATUS) & ERR and drive.get(ERROR) == 0x10, "there is no head 4"
    drive.command(Command.IDENTIFY)
    drive.wait()
    words = np.frombuffer(drive.take(), "<u2")
    assert (words[1], words[3], words[6]) == (1, 16, 63)
    assert (words[54], words[55], words[56], words[57]) == (50, 4, 10, 2000)
    drive.command(Command.GEOMETRY, count=0)
    assert drive.get(STATUS) & ERR and drive.get(ERROR) == 4
    drive.put(CONTROL, 4)
    drive.put(CONTROL, 0)
    drive.command(Command.IDENTIFY)
    drive.wait()
    assert np.frombuffer(drive.take(), "<u2")[56] == 63


def test_power_modes(drive):
    def mode():
        drive.command(Command.POWER_MODE)
        assert drive.wait() == DRDY | DSC
        return drive.get(COUNT)

    assert mode() == 0xFF
    for code, told in ((Command.STANDBY_IMMEDIATE, 0), (Command.IDLE_IMMEDIATE, 0x80),
                       (Command.STANDBY, 0), (Command.IDLE, 0x80)):
        drive.command(code)
        assert drive.wait() == DRDY | DSC and mode() == told
    drive.read_sectors(0, 1)
    assert mode() == 0xFF
    drive.command(Command.SLEEP)
    assert drive.wait() == DRDY | DSC
    drive.command(Command.READ)
    assert drive.get(STATUS) == DRDY | DSC and drive.probe.next_event() > LATENCY, "it sleeps"
    drive.put(CONTROL, 4)
    drive.put(CONTROL, 0)
    assert mode() == 0
    drive.command(Command.IDENTIFY)
    drive.wait()
    words = np.frombuffer(drive.take(), "<u2")
    assert words[82] & words[85] & 8, "power management is announced"


@pytest.mark.parametrize("feature, mode, allowed", [
    (3, 0, True), (3, 1, True), (3, 8, True), (3, 12, True), (3, 13, False), (3, 2, False),
    (3, 0x20, False), (3, 0x42, False), (2, 0, False), (0x82, 0, False), (0xAA, 0, False)])
def test_features_are_pio_modes_only(drive, feature, mode, allowed):
    drive.put(ERROR, feature)
    drive.command(Command.FEATURES, count=mode)
    if allowed:
        assert drive.wait() == DRDY | DSC
    else:
        assert drive.get(STATUS) & ERR and drive.get(ERROR) == 4


def test_unknown_commands_are_refused(drive):
    known = {int(code) for code in Command} - {Command.NOP}
    for code in set(range(256)) - known:
        drive.command(code)
        assert drive.get(STATUS) == DRDY | DSC | ERR and drive.get(ERROR) == 4, hex(code)
    assert drive.read_sectors(0, 1)


def test_reset_leaves_the_signature_of_a_disk(drive):
    drive.command(Command.READ, 9, 5)
    drive.put(CONTROL, 6)
    assert drive.get(STATUS) == BSY
    drive.put(CONTROL, 0)
    assert drive.get(STATUS) == DRDY | DSC
    assert [drive.get(r) for r in (ERROR, COUNT, LOW, MIDDLE, HIGH)] == [1, 1, 1, 0, 0]
    drive.probe.tick(LATENCY)
    assert drive.get(STATUS) == DRDY | DSC, "the command is forgotten"


def test_device_1_and_a_channel_without_a_disk_read_as_zero(drive, probe):
    drive.put(DEVICE, 0x50)
    assert drive.get(STATUS) == 0 and drive.get(LOW) == 0
    drive.put(STATUS, Command.IDENTIFY)
    drive.put(DEVICE, 0x40)
    assert drive.get(STATUS) == DRDY | DSC
    empty = Drive(probe)
    empty.command(Command.IDENTIFY)
    assert empty.wait() == 0 and empty.get(LOW) == 0


def test_ticks_may_be_long_or_short(probe, image):
    drives = Drive(probe, image), Drive(probe, image)
    for drive in drives:
        drive.command(Command.READ, 3, 1)
    for _ in range(LATENCY + 5):
        drives[0].probe.tick(1)
    drives[1].probe.tick(LATENCY + 5)
    assert drives[0].device.state == drives[1].device.state


@pytest.mark.parametrize("size", [0, 100, 513])
def test_files_that_are_no_disks_are_refused(tmp_path, size):
    path = tmp_path / "odd"
    path.write_bytes(bytes(size))
    with pytest.raises(UserError, match=f"a disk must have a multiple of 512 bytes.*not {size}$"):
        AtaDisk().attach(path)
    with pytest.raises(UserError, match="none: No such file or directory$"):
        AtaDisk().attach(tmp_path / "none")
    with pytest.raises(UserError, match="must be a regular file, not a directory$"):
        AtaDisk().attach(tmp_path)


def test_a_writable_disk_with_holes_needs_room_for_them(tmp_path, monkeypatch):
    """They are filled while the file is mapped, when a full disk could not be reported."""
    path = tmp_path / "holes"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(UserError, match=r"holes: its disk must have \d+ MB free .*, not 1 MB$"):
        AtaDisk().attach(path, writable=True)
    AtaDisk().attach(path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=64 << 20))
    AtaDisk().attach(path, writable=True)


def _attach(path, writable, answer):
    try:
        AtaDisk().attach(path, writable)
        answer.put("attached")
    except UserError as error:
        answer.put(str(error))


@pytest.mark.parametrize("ours, theirs, allowed", [
    (False, False, True), (False, True, False), (True, False, False), (True, True, False)])
def test_only_readers_share_a_disk(image, ours, theirs, allowed):
    disk = AtaDisk()
    disk.attach(image, ours)
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=_attach, args=(image, theirs, answer))
    process.start()
    text = answer.get(timeout=60)
    process.join()
    assert (text == "attached") if allowed else ("another machine" in text)


def test_impossible_states_are_refused(drive):
    drive.device.check()
    for field, value in (("position", 513), ("left", SECTORS + 1), ("sectors", SECTORS + 1),
                         ("multiple", 17), ("busy", -1), ("heads", 0), ("track", 0), ("power", 7)):
        before = drive.device.state.copy()
        drive.device.state[field] = value
        with pytest.raises(UserError, match="^disk cannot be in this state$"):
            drive.device.check()
        drive.device.state[:] = before
