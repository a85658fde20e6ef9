"""`duban archive mirror`: a second copy of a ledger's archives, verified before it is published."""
