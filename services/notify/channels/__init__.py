"""Channels: how the messages of a letter are sent, and what became of each attempt."""
