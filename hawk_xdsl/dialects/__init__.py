"""The dialects: what the compiler reads and writes."""
