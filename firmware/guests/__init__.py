"""Guests: programs that run on the bare machine and, unchanged, under a hypervisor."""
