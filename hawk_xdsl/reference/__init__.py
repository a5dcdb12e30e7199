"""What an op means: its evaluation in numpy, apart from kernels, and the error of that."""
