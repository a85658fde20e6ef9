"""`duban audit fsck` and `check-proof`: anybody's tlog-tiles archive; nothing here knows the events of duban."""
