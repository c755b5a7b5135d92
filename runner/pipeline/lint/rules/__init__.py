"""One rule or one subject a file: `CODES` that it raises, and `check(context)`. lint/__init__.py finds them."""
