"""The three services, each with the same three files: core (pure), store (Redis), app (wiring)."""
