"""HostB: MOL without an operating system."""
