"""General models in the user's cache: got from a hub or a GGUF file, checked, listed, removed."""
