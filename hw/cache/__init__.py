"""Caches: the instruction cache so far."""
