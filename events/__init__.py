"""The language of the ledger and the log that keeps it; nothing here knows a service."""
