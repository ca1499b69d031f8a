"""Index documents and search them for passages."""
