"""An XNU-like kernel: a host for a hypervisor."""
