"""Partitions, device specifiers with files, and what goes wrong there."""

import struct

import pytest

from pteg import Machine
from pteg.components.ata_disk import AtaDisk
from pteg.platform import Platform
from pteg.presets import g3

#: A disk with primary, extended and logical partitions. The active one has no file system.
PC_TABLE = """label: dos
start=63, size=2048, type=83, bootable
start=4096, size=40960, type=6
start=61440, size=45056, type=5
start=63488, size=16384, type=83
start=81920, size=4096, type=83
start=90112, size=16384, type=83
"""


@pytest.fixture
def files(images, tmp_path):
    """Small file systems of a kind with the kind's name in \\boot\\who."""
    def make(kind, name):
        tree = tmp_path / f"tree-{name}"
        (tree / "boot").mkdir(parents=True)
        (tree / "boot" / "who").write_text(f"{kind} {name}\n")
        (tree / f"only-{name}").write_text("here")
        return images.make_image(tmp_path / name, kind, tree)
    return make


@pytest.fixture
def pc_disk(images, files, tmp_path):
    return images.disk_of(tmp_path / "disk", [
        (files("fat16", "second"), 4096), (files("ext2-1k", "fifth"), 63488),
        (files("ext2-4k", "seventh"), 90112)], PC_TABLE)


def test_a_pc_disk(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    for number, who in ((2, b"fat16 second\n"), (5, b"ext2-1k fifth\n"), (7, b"ext2-4k seventh\n")):
        assert prompt.load_file(f"hd:{number},\\boot\\who") == who
        assert prompt.load_file(f"hd:{number},/boot/who") == who
    assert prompt.load_file(r"hd:,\boot\who") == b"fat16 second\n"
    assert prompt.load_file(r"hd:\boot\who") == b"fat16 second\n"
    assert prompt.load_file(r"hd:,\only-seventh") == b"here"
    rows = [row.split() for row in prompt("dir hd:").splitlines()[:-1] if row]
    assert [row[:2] + row[3:] for row in rows] == [
        ["1", "1024", "83"], ["2", "20480", "06"], ["3", "22528", "05"], ["5", "8192"],
        ["6", "2048"], ["7", "8192"]]


def test_a_guid_table(disk_prompt, images, files, tmp_path):
    data_type = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
    table = ("label: gpt\nfirst-lba: 34\n"
             'start=2048, size=2048, name="nothing here"\n'
             f'start=8192, size=40960, type={data_type}, name="daten ä 日"\n'
             'start=61440, size=16384, name="linux"\n')
    disk = images.disk_of(tmp_path / "disk", [
        (files("fat16", "second"), 8192), (files("ext4-4k", "third"), 61440)], table)
    with open(disk, "r+b") as file:     # the second header is at the end of the disk
        file.truncate(disk.stat().st_size + (1 << 20))
    prompt = disk_prompt(disk)
    assert prompt.load_file(r"hd:2,\boot\who") == b"fat16 second\n"
    assert prompt.load_file(r"hd:3,\boot\who") == b"ext4-4k third\n"
    assert prompt.load_file(r"hd:,\only-third") == b"here"
    rows = [row.split(None, 3) for row in prompt("dir hd:").splitlines()[:-1] if row]
    assert [(row[0], row[1], row[3].rstrip()) for row in rows] == [
        ("1", "1024", "nothing here"), ("2", "20480", "daten ä 日".encode().decode("latin-1")),
        ("3", "8192", "linux")]
    assert prompt.error("dir hd:4,\\").endswith("no such partition.")
    assert prompt.error("dir hd:65,\\").endswith("no such partition.")
    assert prompt.error("boot hd:").endswith("no program in this partition.")


def test_a_program_that_fills_a_partition_of_a_guid_table(disk_prompt, images, tmp_path):
    image = images.written(tmp_path / "program", elf())
    disk = images.disk_of(tmp_path / "disk", [(image, 4096)], "label: gpt\n"
                          "start=2048, size=2048\nstart=4096, size=64, "
                          "type=9E1A2D38-C612-4316-AA26-8B49521E5A8B\n")
    prompt = disk_prompt(disk)
    prompt("boot hd:")
    assert ran(prompt)


def test_the_partition_that_was_found_is_in_bootpath(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    prompt("load hd:,\\only-seventh")
    assert prompt('" /chosen" find-device " bootpath" get-my-property drop type device-end') == (
        "/pci@f2000000/mac-io@c/ata-3@20000/disk@0:7,\\only-seventh\0 ok\n")


@pytest.mark.parametrize("label", ["mac", "own"])
def test_an_apple_disk(disk_prompt, images, files, tmp_path, label):
    hfs, fat = files("hfs-plus", "third"), files("fat12", "second")
    image = images.written(tmp_path / "volume", images.hfs_volume(hfs))
    end = 16384 + image.stat().st_size // 512
    if label == "own":
        table = images.apple_map([("Apple_Free", 64, 960), ("Apple_UNIX_SVR2", 1024, 8192),
                                  ("Apple_HFS", 16384, end - 16384)])
        disk = images.disk_of(tmp_path / "disk", [(fat, 1024), (image, 16384)], table)
        numbers = (3, 4)
    else:
        disk = images.disk_of(tmp_path / "disk", [(fat, 1024), (image, 16384)], bytes(512))
        images.run("parted", "-s", disk, "mklabel", "mac", "unit", "s",
                   "mkpart", "first", "ext2", "1024s", "9215s",
                   "mkpart", "second", "hfs+", "16384s", f"{end - 1}s")
        numbers = (2, 3)
    prompt = disk_prompt(disk)
    for number, who in zip(numbers, (b"fat12 second\n", b"hfs-plus third\n"), strict=True):
        assert prompt.load_file(f"hd:{number},\\boot\\who") == who
    assert prompt.load_file(r"hd:,\only-third") == b"here"
    assert "Apple_partition_map" in prompt("dir hd:")


def test_an_apple_map_of_a_cd(disk_prompt, images, files, tmp_path):
    """Blocks of 2 KB."""
    fat = files("fat12", "second")
    table = images.apple_map([("Apple_HFS", 64, fat.stat().st_size // 2048)], 2048)
    disk = images.disk_of(tmp_path / "disk", [(fat, 256)], table)
    assert disk_prompt(disk).load_file(r"hd:2,\boot\who") == b"fat12 second\n"


def test_messages(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    for line, message in (
            ("load hd:2,\\nothing", "hd:2,\\nothing, no such file."),
            ("load hd:2,\\boot\\who\\what", "hd:2,\\boot\\who\\what, is not a folder."),
            ("load hd:2,\\boot", "hd:2,\\boot, is a folder."),
            ("dir hd:2,\\boot\\who", "hd:2,\\boot\\who, is not a folder."),
            ("load hd:4,\\x", "hd:4,\\x, no such partition."),
            ("load hd:99,\\x", "hd:99,\\x, no such partition."),
            ("load hd:1,\\x", "hd:1,\\x, no known file system."),
            ("load hd:6", "hd:6, no program in this partition."),
            ("load hd", "hd, no program in this partition."),
            ("dir", "a name must follow.")):
        assert prompt.error(line).endswith(message), line
    assert prompt("clear 2 3 + .") == "5  ok\n"


def used_blocks(prompt):
    """How many blocks of the heap are in use (forth/heap.fs)."""
    at, end = (int(word, 16) for word in prompt("hex heap-start . heap-end .").split()[:2])
    used = 0
    while at < end:
        size = prompt.machine.memory.read_word(at)
        used += size & 1
        at += (size & ~1) + 4
    return used


def test_failures_leave_nothing_in_the_heap(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    lines = ("load hd:,\\nothing", "dir hd:2,\\boot", "load hd:4", "load hd:1,\\x", "dir hd:",
             "load hd:2,\\boot", "load hd:,\\only-seventh")
    for line in lines:
        prompt(line)
    before = used_blocks(prompt)
    for line in lines:
        prompt(line)
    assert used_blocks(prompt) == before


def test_no_disk(disk_prompt):
    prompt = disk_prompt(None)
    assert prompt.error("dir hd:,\\") == "hd:,\\, no disk in the drive."
    assert prompt.error("boot") == "there is no program in memory"


def test_raw_partitions_can_be_read_and_written(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    data = pc_disk.read_bytes()
    start = 4096 * 512
    prompt('decimal clear " hd:2" open-dev value h', "hex")
    assert prompt('" size" h $call-method d.') == f"{40960 * 512:x}  ok\n"
    for place, length in ((0, 512), (1, 3), (511, 2), (700, 5000), (512, 200_000)):
        assert prompt(f'{place:x} 0 " seek" h $call-method . 400000 {length:x} " read" h '
                      f'$call-method .') == f"0 {length:x}  ok\n"
        assert prompt.machine.memory.read(0x400000, length) == \
            data[start + place:start + place + length]
    size = 40960 * 512
    assert prompt(f'{size - 3:x} 0 " seek" h $call-method . 400000 100 " read" h $call-method .'
                  ) == "0 3  ok\n"
    assert prompt(f'{size + 1:x} 0 " seek" h $call-method .') == "-1  ok\n"
    prompt.machine.memory.write(0x500000, bytes(range(256)) * 8)
    for place, length in ((0x200, 0x400), (0x10, 0x20), (0x3F0, 0x420)):
        assert prompt(f'{place:x} 0 " seek" h $call-method . 500000 {length:x} " write" h '
                      f'$call-method .') == f"0 {length:x}  ok\n"
        disk = prompt.machine.platform["disk"].memory
        assert bytes(disk[start + place:start + place + length]) == (bytes(range(256)) * 8)[:length]
    assert prompt('0 0 " seek" h $call-method . 400000 900 " read" h $call-method .') == \
        "0 900  ok\n"
    assert prompt.machine.memory.read(0x400000, 0x900) == \
        bytes(disk[start:start + 0x900])
    assert bytes(disk[:start]) == data[:start]


def test_client_programs_read_files_and_partitions(disk_prompt, load_client, pc_disk):
    client, room = load_client.Client(disk_prompt(pc_disk)), load_client.Buffer

    def call(*arguments):
        (status, returns, buffers), = client(arguments)
        assert status == 0, arguments
        return (*returns, *buffers)

    handle, = call("open", 1, "hd:5,\\boot\\who")
    who = b"ext2-1k fifth\n"
    size, data = call("read", 1, handle, room(100), 100)
    assert (size, data[:size]) == (len(who), who)
    assert call("seek", 1, handle, 0, 8) == (0,)
    size, data = call("read", 1, handle, room(3), 3)
    assert (size, data[:3]) == (3, who[8:11])
    assert call("seek", 1, handle, 0, 100) == (-1,)
    assert call("seek", 1, handle, 1, 0) == (-1,)
    size, path = call("instance-to-path", 1, handle, room(100), 100)
    assert path[:size].endswith(b"/disk@0:5,\\boot\\who")
    call("close", 0, handle)
    handle, = call("open", 1, "hd:7")
    assert call("seek", 1, handle, 0, 1024 + 56) == (0,)
    assert call("read", 1, handle, room(2), 2) == (2, b"\x53\xef")
    call("close", 0, handle)
    for bad in ("hd:5,\\nothing", "hd:4", "hd:5,\\boot\\who\\x"):
        assert call("open", 1, bad) == (0,), bad


def test_block_methods(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    prompt('hex clear " hd" open-dev value h')
    sectors = pc_disk.stat().st_size // 512
    assert prompt('" block-size" h $call-method . " #blocks" h $call-method . '
                  '" max-transfer" h $call-method .') == f"200 {sectors:x} 20000  ok\n"
    for block, count, done in ((0, 1, 1), (4096, 300, 300), (sectors - 2, 5, 2), (sectors, 1, 0),
                               (sectors + 9, 1, 0), (0x7FFFFFFF, 1, 0), (0xFFFFFFFF, 1, 0)):
        assert prompt(f'400000 {block:x} {count:x} " read-blocks" h $call-method .'
                      ) == f"{done:x}  ok\n"
        assert prompt.machine.memory.read(0x400000, done * 512) == \
            pc_disk.read_bytes()[block * 512:(block + done) * 512]


#: Puts its argument where the test looks, and returns.
PROGRAM = bytes.fromhex("3c600030 38800123 90830000 4e800020".replace(" ", ""))


def elf():
    """The program as an ELF file that is linked to 2 MB."""
    header = b"\x7fELF\1\2\1".ljust(16, b"\0") + struct.pack(
        ">HHIIIIIHHHHHH", 2, 20, 1, 0x200000, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return header + struct.pack(">8I", 1, 84, 0x200000, 0x200000, len(PROGRAM), len(PROGRAM), 7,
                                4) + PROGRAM


def ran(prompt):
    done = prompt.machine.memory.read_word(0x300000) == 0x123
    prompt.machine.memory.write_word(0x300000, 0)
    return done


def test_boot_from_files_and_by_default(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    (tree / "ppc").mkdir(parents=True)
    (tree / "loader").write_bytes(elf())
    (tree / "ppc" / "bootinfo.txt").write_text(
        "<CHRP-BOOT><BOOT-SCRIPT>boot hd:,\\loader from the script</BOOT-SCRIPT></CHRP-BOOT>")
    disk = images.make_image(tmp_path / "disk", "fat12", tree)
    prompt = disk_prompt(disk)
    assert prompt("boot hd:,\\loader some arguments") == " ok\n"
    assert ran(prompt)
    assert prompt("bootargs type") == "some arguments ok\n"
    assert prompt("boot") == " ok\n"
    assert ran(prompt)
    assert prompt("bootargs type") == "from the script ok\n"
    prompt("setenv boot-device hd:5,\\x nothing hd:,\\missing hd:,\\loader", "setenv boot-file abc")
    assert prompt("boot") == " ok\n"
    assert ran(prompt)
    assert prompt("bootargs type") == "abc ok\n"
    prompt("setenv boot-device hd:,\\missing hd:3,\\x")
    assert prompt.error("boot") == "hd:3,\\x, no such partition."
    prompt("set-defaults", "setenv auto-boot? true")
    prompt.machine.reset()
    prompt.machine.run(until="0 > ", instructions=5_000_000)
    assert ran(prompt)


def test_a_boot_script_knows_where_it_is(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "script").write_text(
        '<CHRP-BOOT><BOOT-SCRIPT>\n." &device;" cr ." &partition;" cr ." &filename;" cr '
        '." &full-path;" cr ." &other;&lt;&" </BOOT-SCRIPT></CHRP-BOOT>')
    (tree / "again").write_text(
        "<CHRP-BOOT><BOOT-SCRIPT>boot &full-path;</BOOT-SCRIPT></CHRP-BOOT>")
    part = images.make_image(tmp_path / "part", "fat12", tree)
    disk = images.disk_of(tmp_path / "disk", [(part, 64)], "label: dos\nstart=64, type=1\n")
    prompt = disk_prompt(disk)
    device = "/pci@f2000000/mac-io@c/ata-3@20000/disk@0"
    assert prompt("boot hd:,\\script") == (
        f"{device}\n1\n\\script\n{device}:1,\\script\n&other;<& ok\n")
    assert prompt("boot hd:,\\again", instructions=200_000_000).endswith(".\n")   # itself
    assert prompt("clear 2 3 + .") == "5  ok\n"


def test_a_program_that_fills_a_partition(disk_prompt, images, tmp_path):
    program = images.written(tmp_path / "elf", elf())
    disk = images.disk_of(tmp_path / "disk", [(program, 128)],
                          "label: dos\nstart=64, size=8, type=83\nstart=128, size=8, type=41\n")
    prompt = disk_prompt(disk)
    assert prompt("boot hd") == " ok\n"
    assert ran(prompt)
    assert prompt("boot hd:2") == " ok\n"
    assert ran(prompt)
    assert prompt.error("boot hd:1").endswith("no program in this partition.")


def test_a_g3_with_a_disk(images, files, make_prompt):
    preset = g3()
    platform = Platform([*preset.devices, AtaDisk(base=0x0D000000)], preset.wires)
    prompt = make_prompt(platform, disk=files("fat12", "mine"))
    assert isinstance(prompt.machine, Machine)
    assert prompt.load_file(r"hd:,\boot\who") == b"fat12 mine\n"
    assert prompt("dev hd pwd device-end") == "/ata@d000000/disk@0  ok\n"


def test_nothing_is_loaded_over_the_firmware(disk_prompt, pc_disk):
    prompt = disk_prompt(pc_disk)
    prompt("setenv load-base 1000")
    assert prompt.error("load hd:2,\\boot\\who") == "hd:2,\\boot\\who, not enough memory."
    assert prompt("clear 2 3 + .") == "5  ok\n"


def test_the_pipeline_reads_the_same(disk_prompt, files):
    prompt = disk_prompt(files("fat12", "mine"), cpu="pipeline")
    assert prompt.load_file(r"hd:,\boot\who") == b"fat12 mine\n"


def test_a_driver_of_another_disk_uses_the_packages(disk_prompt, images, files, tmp_path):
    """A disk in memory whose driver has only the methods that IEEE 1275 asks for."""
    disk = images.disk_of(tmp_path / "disk", [
        (files("ext2-1k", "part"), 64)], "label: dos\nstart=64, type=83\n")
    prompt = disk_prompt(None)
    data = disk.read_bytes()
    prompt.machine.memory.write(0x1000000, data)
    prompt('dev / new-device " ram-disk" device-name " block" device-type',
           "0 instance value label", ": block-size 200 ;", f": #blocks {len(data) // 512:x} ;",
           ": max-transfer 1000 ;",
           ": read-blocks { a b n -- } b 200 * 1000000 + a n 200 * move n ;",
           ": write-blocks { a b n -- } a b 200 * 1000000 + n 200 * move n ;",
           ': open my-args " disk-label" $open-package dup to label 0<> ;',
           ": close label close-package ;", ': load " load" label $call-method ;',
           ': dir " dir" label $call-method ;', "finish-device device-end")
    assert prompt.load_file(r"/ram-disk:1,\boot\who") == b"ext2-1k part\n"
    assert "only-part" in prompt("dir /ram-disk:,\\")
    assert prompt.error("load /ram-disk:2,\\x") == "/ram-disk:2,\\x, no such partition."


def test_a_file_that_is_larger_than_memory(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    with open(tree / "large", "wb") as file:
        file.truncate(20 << 20)
    images.run("mke2fs", "-q", "-t", "ext2", "-d", tree, tmp_path / "disk", "8192k")
    prompt = disk_prompt(tmp_path / "disk", ram="16M")
    assert prompt.error("load hd:,\\large") == "hd:,\\large, not enough memory."
