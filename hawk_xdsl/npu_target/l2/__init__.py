"""The cache behind the cores: what a kernel touches, what of it is there, and what that costs."""
