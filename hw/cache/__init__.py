"""Caches: instructions and data."""
