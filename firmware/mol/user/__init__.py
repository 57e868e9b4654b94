"""The user part of MOL: sources in C."""
