"""Lab L6."""
