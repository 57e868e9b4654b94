"""The part of our Open Firmware that is in Forth: its sources."""
