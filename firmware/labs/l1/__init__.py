"""Lab L1."""
