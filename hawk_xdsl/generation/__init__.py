"""How an undecided op becomes a kernel: templates, composition, the local model and the gate."""
