"""How long a test waits for what has to come: only one that fails waits so long, however busy the machine is."""

PATIENCE = 120.0
"""Seconds."""
