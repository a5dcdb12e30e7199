"""hawk-xdsl: NPU kernels written and verified inside an xDSL compiler."""
