"""What an undecided op computes: its canonical specification, rewriting, and ranges."""
