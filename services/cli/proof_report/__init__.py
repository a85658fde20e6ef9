"""`duban audit prove POSITION --report FILE`: a proof as a page that a person reads and can print."""
