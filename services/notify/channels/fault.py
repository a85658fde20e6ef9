"""What is wrong with a channel, found before anything is sent on it."""

import apprise

from events.channel import Channel, check_apprise
from services.notify.channels.apprise_way import shown as apprise_shown
from services.notify.channels.webhook import SECRET_FORM, is_secret
from services.notify.channels.webhook import shown as webhook_shown


def fault(channel: Channel) -> str | None:
    """Return what is wrong with a channel's configuration, or None; without its secrets."""
    if channel.webhook is not None:
        good = all(is_secret(secret) for secret in channel.signing)
        return None if good else f"{webhook_shown(channel.webhook)}: {SECRET_FORM}"
    return None if channel.apprise is None else _apprise_fault(channel.apprise)


def _apprise_fault(url: str) -> str | None:
    known = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if not known:
        return f"{apprise_shown(url)}: Apprise does not understand this URL"
    try:
        check_apprise(f"{known.secure_protocol or known.protocol}://")  # a service's own URL: https://qyapi…
    except ValueError as error:
        return str(error)
    return None
