"""Between the npu dialect and HIVM, the vendor's dialect of kernels."""
