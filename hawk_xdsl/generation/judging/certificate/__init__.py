"""Certificates: a planned kernel and its op, run over symbols, give the same element for element."""

from hawk_xdsl.generation.judging.certificate.prover import Certificate, Prover

__all__ = ["Certificate", "Prover"]
