"""Lab L7."""
