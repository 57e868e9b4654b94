"""Operating systems that are hosts for a hypervisor."""
