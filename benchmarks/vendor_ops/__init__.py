"""The vendor's op library on this machine: what ``benchmarks/vendor_ops.py`` is made of."""
