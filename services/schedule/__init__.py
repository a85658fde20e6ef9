"""Reading schedule documents: a table's rows, their deadlines and their units, as assignments of tasks."""
