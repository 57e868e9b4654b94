"""Mac-on-Linux, re-created: the hypervisor's sources, and what is the same of it on every host."""
