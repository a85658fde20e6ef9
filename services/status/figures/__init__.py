"""The figures of a board: units, sections, deadlines, the last seven days; live ones are updated by changed task."""
