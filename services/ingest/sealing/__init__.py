"""Sealing: the archives of a ledger's log and of its record, seconds behind their tails."""
