"""One reader for each format: bytes to grids; what is wrong with a file is an UnreadableError."""
