"""A compiled model as somebody looks at it: one document, a page, an explanation, a comparison."""
