"""Operators through the vendor's scheduler and through ours: what ``benchmarks/vendor.py`` runs."""
