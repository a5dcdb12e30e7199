"""How a kernel is tiled: candidates, their enumeration, their neighbours, and the search."""
