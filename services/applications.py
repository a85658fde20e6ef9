"""The three services by name, and what makes each."""

from services.ingest.app import build as ingest
from services.notify.app import build as notify
from services.status.app import build as status

BUILDERS = {"ingest": ingest, "status": status, "notify": notify}
