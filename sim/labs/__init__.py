"""A course on address translation: drills, labs, and their grading (docs/course/)."""
