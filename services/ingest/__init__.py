"""Ingest: decides what is submitted and appends it; the only writer of the log."""
