"""The vendor's compiler as judge of our kernels: its executables, and what is asked of them."""
