"""Lab L0."""
