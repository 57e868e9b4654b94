"""The kernel of our Open Firmware: its sources in assembly."""
