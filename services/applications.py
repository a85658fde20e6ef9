"""The three services by name, and the function that builds each."""

from services.ingest.app import build as ingest
from services.notify.app import build as notify
from services.status.app import build as status

BUILDERS = {"ingest": ingest, "status": status, "notify": notify}
