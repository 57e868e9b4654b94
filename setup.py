"""The folders `sim`, `hw`, … become the packages `pteg`, `pteg.hw`, … (roots: pyproject.toml).

A package index shows README.md, but has none of the files to which it leads: `shown` makes links of
them that work there.

Wheel and sdist are reproducible: their bytes depend on the files and on SOURCE_DATE_EPOCH, not on
who builds them, when, and with which permissions (https://reproducible-builds.org/specs).
"""

import gzip
import io
import os
import re
import tarfile
import time
import zipfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.sdist import sdist

ROOTS = {"sim": "pteg", "hw": "pteg.hw", "components": "pteg.components",
         "firmware": "pteg.firmware", "waveforms": "pteg.waveforms"}
#: The date of all files: by default the first that a ZIP file can have.
FIRST = 315_532_800
DATE = max(FIRST, int(os.environ.get("SOURCE_DATE_EPOCH", FIRST)))
#: Where the files of this project are on the web, as "https://HOST/PATH/". They are nowhere yet.
FILES = None


def shown(text):
    """A text in Markdown as a package index is to show it: its links to files lead to the web.

    Without a place on the web, links are their text, and pictures are left out.
    """
    def link(found):
        picture, name, target = found.groups()
        if re.match(r"\w+://|#", target):
            return found[0]
        if FILES is None:
            return "" if picture else name
        return f"{picture}[{name}]({FILES}{target})"

    return re.sub(r"(!?)\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def mode(old):
    """Permissions that do not depend on the builder's umask."""
    return 0o755 if old & 0o100 else 0o644


class Sdist(sdist):
    """An sdist whose files have one date and no owner."""

    def make_archive(self, *args, **kwargs):
        path = super().make_archive(*args, **kwargs)
        made = io.BytesIO()
        with (tarfile.open(path) as old, tarfile.open(fileobj=made, mode="w") as new):
            for file in sorted(old.getmembers(), key=lambda file: file.name):
                file.mode, file.mtime, file.pax_headers = mode(file.mode), DATE, {}
                file.uid = file.gid = 0
                file.uname = file.gname = ""
                new.addfile(file, old.extractfile(file) if file.isfile() else None)
        Path(path).write_bytes(gzip.compress(made.getvalue(), mtime=DATE))
        return path


class Wheel(bdist_wheel):
    """A wheel whose files have one date."""

    def run(self):
        super().run()
        path = Path(self.distribution.dist_files[-1][2])
        with zipfile.ZipFile(path) as old:
            files = [(file.filename, mode(file.external_attr >> 16), old.read(file))
                     for file in old.infolist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, permissions, data in files:
                file = zipfile.ZipInfo(name, time.gmtime(DATE)[:6])
                file.external_attr = (0o100000 | permissions) << 16     # a regular file
                new.writestr(file, data, zipfile.ZIP_DEFLATED)


setup(
    long_description=shown(Path("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    packages=[name for folder, root in ROOTS.items()
              for name in [root, *(f"{root}.{sub}" for sub in find_packages(folder))]],
    cmdclass={"sdist": Sdist, "bdist_wheel": Wheel},
)
