"""`duban audit export`: a ledger as a BagIt package (RFC 8493) that can be kept and read without duban."""
