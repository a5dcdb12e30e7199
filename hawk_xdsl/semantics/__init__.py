"""What an undecided op means: its reference evaluation and its canonical specification."""
