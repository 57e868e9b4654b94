"""What every ROM does at its start: sources in assembly."""
