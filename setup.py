"""The folders `sim`, `hw`, … become the packages `pteg`, `pteg.hw`, … (roots: pyproject.toml)."""

from setuptools import find_packages, setup

ROOTS = {"sim": "pteg", "hw": "pteg.hw", "components": "pteg.components",
         "firmware": "pteg.firmware", "waveforms": "pteg.waveforms"}

setup(packages=[
    name
    for folder, root in ROOTS.items()
    for name in [root, *(f"{root}.{sub}" for sub in find_packages(folder))]
])
