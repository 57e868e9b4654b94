"""Floating-point unit: arithmetic of IEEE 754 in three stages, and FPSCR."""
