"""Who writes drafts of a kernel, in which order, within which budget, and what is decided."""
