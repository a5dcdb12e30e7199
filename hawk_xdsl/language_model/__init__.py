"""The local model: its files, prompts, constrained decoding, and texts judged line by line."""
