"""What ``xdsl-opt -t NAME`` prints instead of the module."""
