"""Notify: turns events into alerts and delivers them."""
