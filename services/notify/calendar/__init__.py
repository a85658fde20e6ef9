"""The due days of a unit's tasks as a calendar that its people subscribe to (iCalendar, RFC 5545)."""
