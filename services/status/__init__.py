"""Status: folds the log into the rows that dashboards read and follow."""
