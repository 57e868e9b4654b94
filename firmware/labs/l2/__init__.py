"""Lab L2."""
