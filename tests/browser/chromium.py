"""Chromium as the tests run it, and why they do not where there is none."""

from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's; the browsers that playwright downloads need a network that test machines may not have."""

MISSING = f"there is no {CHROMIUM}; apt-get install chromium fonts-noto-cjk"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a sandbox, as tests run as root in containers; and without requests that are not the page's."""
