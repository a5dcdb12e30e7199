"""What upstream ops say: structured ops, views, scalar ops."""
