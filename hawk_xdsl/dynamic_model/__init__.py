"""Models with a dynamic dimension: one kernel a group of ops for its range, or a few by range."""
