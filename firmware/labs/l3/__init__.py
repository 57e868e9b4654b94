"""Lab L3."""
