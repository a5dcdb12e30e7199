"""From a kernel as written to a kernel that runs: multi-buffering, memory, synchronisation."""
