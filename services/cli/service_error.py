"""What a service of duban answers instead of what was asked for."""


class ServiceError(Exception):
    """A service returned a problem (RFC 9457)."""


class RefusedTokenError(ServiceError):
    """A service returned 401: asking again with the same token does not help."""
