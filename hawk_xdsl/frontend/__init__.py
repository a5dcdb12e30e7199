"""Ways in: PyTorch modules and ``.mlir`` files become one function on tensors in xDSL."""
