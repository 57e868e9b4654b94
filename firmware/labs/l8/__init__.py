"""Lab L8."""
