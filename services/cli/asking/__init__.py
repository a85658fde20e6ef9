"""`duban audit state`, `diff` and `who-knew`: questions about the past, answered from the log by the rules of then."""
