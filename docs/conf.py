"""Sphinx's configuration: `make docs` builds the site in build/docs."""

import pteg

project = "pteg"
author = "the authors of pteg"
copyright = "the authors of pteg, BSD-2-Clause"
version = release = pteg.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"pteg {version}"
html_copy_source = False

myst_heading_anchors = 3
# Links to files of the repository that are no pages of the site, such as ../CONTRIBUTING.md.
suppress_warnings = ["myst.xref_missing", "myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
numpydoc_show_class_members = False
autosummary_generate = False


def add_commands(app, name, source):
    """The page `commands` gets what cyclopts knows of them, without its table of contents."""
    if name == "commands":
        from pteg.cli.commands import app as commands

        text = commands.generate_docs("markdown")
        source[0] += text[text.index("\n## pteg "):]


def add_symbols(app, name, source):
    """The page `symbols` gets the symbols of the components."""
    if name == "symbols":
        from pteg.pipeline.system import make_system
        from pteg.symbol_svg import page

        source[0] += "\n" + page(make_system(pteg.Machine("g3", rom="none", l2="256K").platform))


def setup(app):
    app.connect("source-read", add_commands)
    app.connect("source-read", add_symbols)
