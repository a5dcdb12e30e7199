"""The passes over modules of tensors, one a file, named as on the command line."""
