"""Finished vector kernels as AscendC C++ text, to be read and to be compiled by the vendor."""
