"""`duban restore`: a ledger put back on a server from its archives."""
