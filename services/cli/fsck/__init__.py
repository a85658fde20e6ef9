"""`duban audit fsck` and `check-proof`: checks of any tlog-tiles archive, without knowledge of duban's events."""
