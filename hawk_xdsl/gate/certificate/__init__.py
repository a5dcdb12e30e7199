"""Certificates: a planned kernel and its op, run over symbols, agree in every element."""

from hawk_xdsl.gate.certificate.prover import Certificate, Integers, Prover

__all__ = ["Certificate", "Integers", "Prover"]
