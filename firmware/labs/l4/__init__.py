"""Lab L4."""
