"""A witness: cosigns checkpoints of other people's logs, each only if it continues the last one."""
