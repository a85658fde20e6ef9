"""`duban audit verify --archive`: a ledger verified from its archives alone, without its server."""
