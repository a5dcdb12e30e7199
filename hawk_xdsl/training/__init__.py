"""A kernel model of our own: verified pairs of specification and kernel, training, adoption."""
