"""What all services and the command line share."""
