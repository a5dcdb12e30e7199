"""The judge of kernels: trials, tolerances, the roofline bound, and the gate above them."""
