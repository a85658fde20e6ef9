"""Chromium as the tests run it, and why they do not where there is none."""

from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
"""Debian's; the browsers that playwright downloads need a network that test machines may not have."""

MISSING = f"there is no {CHROMIUM}; apt-get install chromium fonts-noto-cjk"

PLAIN_HOST = "office.test"
"""A name of this machine in Chromium. Over plain http it is no secure context, as loopback addresses are."""

FLAGS = (
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a sandbox, as tests run as root in containers; and without requests that are not the page's."""
