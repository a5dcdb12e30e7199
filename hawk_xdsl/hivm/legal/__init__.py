"""What is rewritten before a kernel is translated to HIVM: one form a file."""
