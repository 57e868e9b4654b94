"""Texts and sources of the labs: a folder each, with a handout, a starter and a solution."""
