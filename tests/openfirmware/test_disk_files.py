"""Files on disks: every file system that the ROM knows, against the tools that make them."""

import random
import re
import struct

import pytest

KINDS = ("fat12", "fat16", "fat32", "ext2-1k", "ext2-4k", "ext3", "ext4-1k", "ext4-4k",
         "rock-ridge", "joliet", "iso", "hfs-plus", "hfs")
BUFFER = 0x400000


def names(prompt, path):
    """What `dir` lists: {name: size, or None for a folder}."""
    rows = [row.split(None, 1) for row in prompt(f"dir {path}").splitlines()
            if row.strip() and row != " ok"]
    return {name.rstrip("\\"): None if size == "-" else int(size) for size, name in rows
            if name.rstrip("\\") not in (".", "..", "lost+found")}


@pytest.mark.parametrize("kind", KINDS)
def test_random_files(disk_prompt, images, tmp_path, kind):
    seed = 20261128
    print(f"seed {seed}")
    folder = tmp_path / "tree"
    files = images.random_tree(folder, seed, kind)
    prompt = disk_prompt(images.make_image(tmp_path / "disk", kind, folder))
    for path, data in files.items():
        assert prompt.load_file(f"hd:,{path}") == data, path
    top = {path.split("\\")[1]: None if path.count("\\") > 1 else len(data)
           for path, data in files.items()}
    assert names(prompt, "hd:,\\") == top


@pytest.fixture
def hfs_plus(images, tmp_path):
    """An HFS Plus volume with a boot file and links; the boot file's bytes."""
    tree = tmp_path / "hfs"
    tree.joinpath("System Folder").mkdir(parents=True)
    data = random.Random(5).randbytes(300_000)
    tree.joinpath("System Folder", "loader").write_bytes(data)
    tree.joinpath("link").symlink_to("System Folder/loader")
    tree.joinpath("folder-link").symlink_to("/System Folder")
    tree.joinpath("circle").symlink_to("circle")
    images.run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-hfsplus-file-creator-type",
               "chrp", "tbxi", "/System Folder/loader", "-hfs-bless-by", "p", "/System Folder",
               "-o", tmp_path / "hfs.iso", tree)
    return images.hfs_volume(tmp_path / "hfs.iso"), data


def test_the_boot_file_of_hfs_plus(disk_prompt, images, tmp_path, hfs_plus):
    volume, data = hfs_plus
    prompt = disk_prompt(images.written(tmp_path / "disk", volume))
    for path in (r"\\:tbxi", r"\\loader", r"\link", r"\folder-link\LOADER", "/folder-link/loader"):
        assert prompt.load_file(f"hd:,{path}") == data, path
    assert prompt.error("dir hd:,\\circle").endswith("no such file.")
    assert prompt.error("load hd:,\\\\:APPL").endswith("no such file.")


def test_hard_links_of_hfs_plus(disk_prompt, images, tmp_path):
    tree, data = tmp_path / "tree", random.Random(6).randbytes(70_000)
    private = tree / "zzzzHFS+ Private Data"
    private.mkdir(parents=True)
    private.joinpath("iNode1234").write_bytes(data)
    links = {"hard": 1234, "lost": 99}
    options = []
    for name in links:
        (tree / name).write_bytes(b"")
        options += ["-hfsplus-file-creator-type", "hfs+", "hlnk", f"/{name}"]
    images.run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", *options,
               "-o", tmp_path / "hfs.iso", tree)
    volume = images.hfs_volume(tmp_path / "hfs.iso")
    # What Mac OS does: the folder's name begins with four zeros, a link has the file's number.
    volume = bytearray(volume.replace("zzzz".encode("utf-16-be"), bytes(8)))
    for name, number in links.items():
        key = name.encode("utf-16-be") + b"\0\2"
        at = volume.index(key) + len(name) * 2
        assert volume[at + 48:at + 56] == b"hlnkhfs+"
        struct.pack_into(">I", volume, at + 44, number)
    prompt = disk_prompt(images.written(tmp_path / "disk", volume))
    assert prompt.load_file(r"hd:,\hard") == data
    assert prompt.error(r"load hd:,\lost").endswith("no such file.")


def test_hfs_plus_in_a_wrapper(disk_prompt, images, tmp_path, hfs_plus):
    volume, data = hfs_plus
    disk = images.written(tmp_path / "disk", images.hfs_wrapper(volume))
    assert disk_prompt(disk).load_file(r"hd:,\\:tbxi") == data
    assert images.tool_reads(disk, "/System Folder/loader") in (data, None)


@pytest.mark.parametrize("pieces", [8, 9, 60, 147])
def test_files_in_many_pieces_on_hfs_plus(disk_prompt, images, tmp_path, hfs_plus, pieces):
    volume, data = hfs_plus
    disk = images.written(tmp_path / "disk", images.fragmented(volume, "loader", pieces))
    assert disk_prompt(disk).load_file(r"hd:,\\:tbxi") == data
    assert images.tool_reads(disk, "/System Folder/loader") in (data, None)


def test_hfsx_can_tell_a_from_A(disk_prompt, images, tmp_path, hfs_plus):
    volume, data = hfs_plus
    block, = struct.unpack(">I", volume[1064:1068])
    catalog, = struct.unpack(">I", volume[1024 + 288:1024 + 292])
    volume[1024:1028] = b"HX\0\5"
    for compare, found in ((0xCF, True), (0xBC, False)):
        volume[catalog * block + 51] = compare
        prompt = disk_prompt(images.written(tmp_path / "disk", volume))
        assert prompt.load_file(r"hd:,\\loader") == data
        assert prompt.error(r"load hd:,\\LOADER").endswith("no such file.") != found


def test_boot_files_and_files_in_many_pieces_on_hfs(disk_prompt, images, tmp_path):
    tree, disk = tmp_path / "tree", tmp_path / "disk"
    (tree / "System Folder").mkdir(parents=True)
    loader = random.Random(3).randbytes(150_000)
    (tree / "System Folder" / "loader").write_bytes(loader)
    for number in range(40):
        (tree / f"small{number}").write_bytes(bytes([number]) * 30_000)
    images.make_image(disk, "hfs", tree)
    images.run("hmount", disk)
    images.run("hattrib", "-t", "tbxi", "-c", "chrp", ":System Folder:loader")
    images.run("hattrib", "-b", ":System Folder")
    # What is free at the end is filled, so that the last file fits only into the holes.
    free = int(re.search(r"(\d+) bytes free", images.output("hvol"))[1])
    (tmp_path / "fill").write_bytes(b"x" * (free - 8192))
    images.run("hcopy", "-r", tmp_path / "fill", ":fill")
    for number in range(0, 40, 2):
        images.run("hdel", f":small{number}")
    big = random.Random(4).randbytes(590_000)
    (tmp_path / "big").write_bytes(big)
    images.run("hcopy", "-r", tmp_path / "big", ":big")
    images.run("humount", disk)
    volume = disk.read_bytes()          # the extents file has records
    block, first, extents = (struct.unpack_from(">I", volume, 1024 + 20)[0],
                             *(struct.unpack_from(">H", volume, 1024 + at)[0] for at in (28, 134)))
    assert struct.unpack_from(">I", volume, 512 * first + block * extents + 20)[0] > 3
    prompt = disk_prompt(disk)
    for path, data in ((r"\\:tbxi", loader), (r"\\LOADER", loader), (r"\big", big),
                       (r"\system folder\loader", loader), (r"\small1", bytes([1]) * 30_000)):
        assert prompt.load_file(f"hd:,{path}") == data, path
    assert prompt.error(r"load hd:,\small0").endswith("no such file.")
    assert prompt.error(r"load hd:,\small1\x").endswith("is not a folder.")


@pytest.mark.parametrize("features", ["meta_bg,^resize_inode", "inline_data", "mmp", "large_dir"])
def test_features_of_ext4_are_refused_by_name(disk_prompt, images, tmp_path, features):
    disk = tmp_path / "disk"
    images.run("mke2fs", "-q", "-t", "ext2", "-O", features, disk, "8192k")
    assert disk_prompt(disk).error("dir hd:,\\") == \
        f"{features.split(',')[0]}, a feature of the file system that is not supported."


@pytest.mark.parametrize("pieces", [3, 40, 400])
def test_files_in_many_pieces_on_ext4(disk_prompt, images, tmp_path, pieces):
    """A tree of extents without, with one and with two levels of nodes."""
    tree, disk, block = tmp_path / "tree", tmp_path / "disk", 1024
    tree.mkdir()
    for number in range(2 * pieces):
        (tree / f"small{number}").write_bytes(bytes([number & 255]) * block)
    data = random.Random(pieces).randbytes(block * pieces - 100)
    (tmp_path / "big").write_bytes(data)
    images.run("mke2fs", "-q", "-t", "ext4", "-b", block, "-N", 2 * pieces + 100, "-d", tree, disk,
               f"{max(4096, 4 * pieces)}k")
    holes = [f"rm small{number}" for number in range(0, 2 * pieces, 2)]
    script = tmp_path / "script"
    # What is free behind the files is taken first, so that only the holes are left.
    script.write_text("\n".join([f"write {tmp_path / 'fill'} fill", *holes,
                                 f"write {tmp_path / 'big'} big", "fallocate room 0 7", ""]))
    free = int(re.search(r"Free blocks: +(\d+)", images.output("dumpe2fs", "-h", disk))[1])
    (tmp_path / "fill").write_bytes(b"x" * block * (free - 20))
    images.run("debugfs", "-w", "-f", script, disk)
    images.run("e2fsck", "-fn", disk)
    found = images.output("debugfs", "-R", "ex /big", disk)
    assert max(map(int, re.findall(r"^ *(\d)/ *\d", found, re.M))) == {3: 0, 40: 1, 400: 2}[pieces]
    prompt = disk_prompt(disk)
    assert prompt.load_file("hd:,\\big") == data
    assert prompt.load_file("hd:,\\small1") == bytes([1]) * block


def test_links_on_ext2(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    tree.joinpath("boot", "deep").mkdir(parents=True)
    tree.joinpath("boot", "kernel").write_bytes(b"kernel" * 1000)
    tree.joinpath("short").symlink_to("boot/kernel")
    tree.joinpath("boot", "deep", "up").symlink_to("../../boot/" + "./" * 40 + "kernel")
    tree.joinpath("absolute").symlink_to("/boot")
    tree.joinpath("circle").symlink_to("circle")
    images.run("mke2fs", "-q", "-t", "ext2", "-d", tree, tmp_path / "disk", "8192k")
    prompt = disk_prompt(tmp_path / "disk")
    for path in (r"\short", r"\boot\deep\up", r"\absolute\kernel"):
        assert prompt.load_file(f"hd:,{path}") == b"kernel" * 1000, path
    assert prompt.error("load hd:,\\circle").endswith("no such file.")


@pytest.mark.parametrize("tool", ["genisoimage", "xorriso"])
def test_links_long_names_and_deep_folders_of_rock_ridge(disk_prompt, images, tmp_path, tool):
    tree = tmp_path / "tree"
    deep = tree.joinpath(*[f"level{number}" for number in range(11)])
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"deep")
    (tree / ("l" * 150)).write_bytes(b"long")
    (tree / "level0" / "link").symlink_to("../" + "l" * 150)
    (tree / "root-link").symlink_to("/level0/level1")
    (tree / "level0" / "level1" / "kernel").write_bytes(b"kernel")
    (tree / "many").symlink_to("./level0/../" * 20 + "level0/level1/kernel")
    (tree / "circle").symlink_to("./circle")
    command = [tool] if tool == "genisoimage" else [tool, "-as", "mkisofs"]
    images.run(*command, "-quiet", "-R", "-o", tmp_path / "disk", tree)
    images.pad(tmp_path / "disk")
    prompt = disk_prompt(tmp_path / "disk")
    path = "\\".join(f"level{number}" for number in range(11))
    for name, data in ((f"{path}\\file", b"deep"), ("l" * 150, b"long"), ("level0\\link", b"long"),
                       ("root-link\\kernel", b"kernel"), ("many", b"kernel")):
        assert prompt.load_file(f"hd:,\\{name}") == data, name
    assert prompt.error("load hd:,\\circle").endswith("no such file.")


@pytest.mark.parametrize("kind", ["ext2-1k", "rock-ridge", "joliet", "hfs-plus", "fat12"])
def test_long_names_and_other_alphabets(disk_prompt, images, tmp_path, kind):
    names = {"ABC-é-日本" if kind != "hfs-plus" else "ABC-日本": b"other", "x" * 60 + ".y": b"long"}
    if kind == "fat12":                 # its tool knows only what the locale does
        names.pop("ABC-é-日本")
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, data in names.items():
        (tree / name).write_bytes(data)
    prompt = disk_prompt(images.make_image(tmp_path / "disk", kind, tree))
    for name, data in names.items():
        typed = name.encode().decode("latin-1")
        assert prompt.load_file(f"hd:,\\{typed}")[:len(data)] == data
        assert typed in prompt("dir hd:,\\")


def test_a_journal_with_something_in_it_is_refused(disk_prompt, images, tmp_path):
    disk = tmp_path / "disk"
    images.run("mke2fs", "-q", "-t", "ext3", disk, "8192k")
    images.run("debugfs", "-w", "-R", "feature needs_recovery", disk)
    assert disk_prompt(disk).error("dir hd:,\\") == \
        "needs_recovery, a feature of the file system that is not supported."


def test_folders_with_an_index_on_ext2(disk_prompt, images, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(600):
        (tree / f"file-with-a-long-name-{number}").write_text(f"{number}")
    disk = tmp_path / "disk"
    images.run("mke2fs", "-q", "-t", "ext2", "-O", "dir_index", "-b", "1024", "-d", tree, disk,
               "8192k")
    images.run("sh", "-c", f"e2fsck -fyD {disk}; "
               f"debugfs -R 'htree_dump /' {disk} > {disk}.tree 2>&1")
    assert "Root node dump" in (tmp_path / "disk.tree").read_text()
    prompt = disk_prompt(disk)
    for number in (0, 1, 123, 456, 599):
        assert prompt.load_file(f"hd:,\\file-with-a-long-name-{number}") == f"{number}".encode()
    assert prompt.error("load hd:,\\file-with-a-long-name-600").endswith("no such file.")


@pytest.mark.parametrize("block", [1024, 4096])
def test_holes_and_all_levels_of_pointers_on_ext2(disk_prompt, images, tmp_path, block):
    tree = tmp_path / "tree"
    tree.mkdir()
    places = (0, 11_000, 12_300, 270_000, 300_001, 67_000_000, 69_999_000)
    with open(tree / "sparse", "wb") as file:
        for number, place in enumerate(places):
            file.seek(place)
            file.write(bytes([number + 1]) * 3000)
    images.run("mke2fs", "-q", "-t", "ext2", "-b", block, "-d", tree, tmp_path / "disk", "8192k")
    prompt = disk_prompt(tmp_path / "disk")
    prompt('decimal clear " hd:,\\sparse" open-dev value h')
    with open(tree / "sparse", "rb") as file:
        for place in (0, *(place - 5 for place in places[1:])):
            file.seek(place)
            data = file.read(3010)
            assert prompt(f'{place} 0 " seek" h $call-method . {BUFFER} 3010 " read" h '
                          f'$call-method .') == f"0 {len(data)}  ok\n"
            assert prompt.machine.memory.read(BUFFER, len(data)) == data, place


def test_files_in_many_pieces_on_fat(disk_prompt, images, tmp_path):
    """A file that was written when small gaps were free."""
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(1440 << 10))
    images.run("mkfs.fat", disk)
    filler = images.written(tmp_path / "filler", bytes(512))
    for number in range(60):
        images.run("mcopy", "-i", disk, filler, f"::F{number}")
    images.run("mdel", "-i", disk, *[f"::F{number}" for number in range(0, 60, 2)])
    data = random.Random(6).randbytes(30_000)
    images.run("mcopy", "-i", disk, images.written(tmp_path / "big", data), "::big")
    assert disk_prompt(disk).load_file("hd:,\\big")[:len(data)] == data
