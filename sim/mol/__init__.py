"""Mac-on-Linux on the simulated machine: guests are started, and their state is read."""
