"""GRUB for PowerPC, as Debian builds it, starts from a disk by its path, and starts Linux."""

import re
from pathlib import Path

import pytest

MODULES = Path("/usr/lib/grub/powerpc-ieee1275")
KERNEL = Path(__file__).parents[3] / "shared" / "linux" / "vmlinux-pmac"
#: What is built in; the rest is read from the disk.
BUILT_IN = ("part_msdos", "part_apple", "fat", "ext2", "hfsplus", "normal", "ls", "cat", "linux",
            "boot", "echo", "configfile", "test")
TEXT = "The text of a file.\n"


@pytest.fixture
def grub(images, tmp_path):
    """An image of GRUB as an ELF file."""
    if not (MODULES / "normal.mod").exists():
        pytest.skip(f"needs GRUB's modules in {MODULES}")
    (tmp_path / "early.cfg").write_text("set pager=0\n")
    images.run("grub-mkimage", "-O", "powerpc-ieee1275", "-d", MODULES, "-o", tmp_path / "grub.elf",
               "-p", "/boot/grub", "-c", tmp_path / "early.cfg", *BUILT_IN)
    return (tmp_path / "grub.elf").read_bytes()


@pytest.fixture
def disk(images, grub, tmp_path):
    """A disk with GRUB in a file system of a kind, in the second partition."""
    def make(kind, configuration=None):
        tree = tmp_path / "tree"
        (tree / "boot" / "grub").mkdir(parents=True)
        (tree / "boot" / "loader").write_bytes(grub)
        (tree / "boot" / "text").write_text(TEXT)
        if KERNEL.exists():
            (tree / "boot" / "vmlinux").write_bytes(KERNEL.read_bytes())
        if configuration:
            (tree / "boot" / "grub" / "grub.cfg").write_text(configuration)
        part = images.make_image(tmp_path / "part", kind, tree, 24 << 20)
        return images.disk_of(tmp_path / "disk", [(part, 4096)], "label: dos\n"
                              "start=64, size=2048, type=83\nstart=4096, size=49152, type=83\n")
    return make


class Grub:
    """Types lines at GRUB's prompt."""

    def __init__(self, prompt):
        self.machine = prompt.machine

    def until(self, text, instructions=60_000_000):
        """What is printed up to a text, without the control sequences of the terminal."""
        stop = self.machine.run(until=text, instructions=instructions)
        output = self.machine.console.read().decode("latin-1")
        output = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", output).replace("\r", "")
        assert stop == "console", output
        return output

    def __call__(self, line):
        self.machine.console.write(line.encode() + b"\r")
        return self.until("grub> ")


def start(prompt, line, **options):
    grub = Grub(prompt)
    grub.machine.console.write(line.encode() + b"\r")
    return grub, grub.until("grub> ", **options)


def need_kernel():
    if not KERNEL.exists():
        pytest.skip("needs ../shared/linux/vmlinux-pmac")


@pytest.mark.parametrize("kind", ["fat16", "ext2-1k"])
def test_grub_reads_the_disk(disk_prompt, disk, kind):
    grub, text = start(disk_prompt(disk(kind)), "boot hd:2,\\boot\\loader")
    assert "GNU GRUB" in text
    assert "(ieee1275/hd,2)/boot/grub" in grub("echo $prefix")
    assert "(ieee1275/hd) (ieee1275/hd,msdos2) (ieee1275/hd,msdos1)" in grub("ls")
    assert TEXT in grub("cat /boot/text")
    assert "loader" in grub("ls (ieee1275/hd,msdos2)/boot")


def test_grub_starts_linux_from_the_disk(disk_prompt, disk):
    need_kernel()
    grub, _ = start(disk_prompt(disk("ext2-4k")), "boot hd:,\\boot\\loader")
    grub("linux /boot/vmlinux console=ttyPZ0")
    grub.machine.console.write(b"boot\r")
    text = grub.until("INIT: done", 200_000_000)
    assert "command line: BOOT_IMAGE=/boot/vmlinux console=ttyPZ0" in text


def test_grub_shows_its_menu(disk_prompt, disk):
    prompt = disk_prompt(disk("ext2-1k", "set timeout=-1\nmenuentry 'The first entry' {\n true\n}\n"
                              "menuentry 'Another entry' {\n true\n}\n"))
    grub = Grub(prompt)
    grub.machine.console.write(b"boot hd:2,\\boot\\loader\r")
    text = grub.until("Another entry", 60_000_000)
    assert "The first entry" in text


def test_the_disk_that_grub_makes_starts_by_itself(disk_prompt, images, grub, tmp_path):
    """An ISO image with an Apple map and HFS Plus: `boot` finds the blessed boot script."""
    assert grub
    tree = tmp_path / "tree"
    (tree / "boot" / "grub").mkdir(parents=True)
    (tree / "boot" / "grub" / "grub.cfg").write_text(
        "set timeout=-1\nmenuentry 'The only entry' {\n true\n}\n")
    images.run("grub-mkrescue", "-d", MODULES, "-o", tmp_path / "disk", tree)
    images.pad(tmp_path / "disk")
    grub = Grub(disk_prompt(tmp_path / "disk"))
    grub.machine.console.write(b"boot\r")
    grub.until("The only entry", 100_000_000)


@pytest.mark.slow
def test_grub_with_the_pipeline(disk_prompt, disk):
    prompt = disk_prompt(disk("fat16"), cpu="pipeline")
    grub, text = start(prompt, "boot hd:2,\\boot\\loader")
    assert "GNU GRUB" in text
    assert TEXT in grub("cat /boot/text")
