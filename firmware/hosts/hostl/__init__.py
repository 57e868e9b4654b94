"""HostL: a small Unix-like kernel."""
