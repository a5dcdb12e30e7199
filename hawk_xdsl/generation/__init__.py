"""How an undecided op becomes a kernel: proposers, attempts within a budget, and the judge."""
