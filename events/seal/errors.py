"""What goes wrong with archives. Pure."""


class FormatError(ValueError):
    """Bytes do not have the form of their specification; the message has what, where, and what would be right."""


class SignatureError(ValueError):
    """A signature of a known key does not verify."""


class PolicyError(ValueError):
    """A checkpoint does not satisfy a policy; the message names what is missing."""


class StorageConflictError(RuntimeError):
    """A file exists with other bytes, or another process has published a checkpoint meanwhile."""


class ArchiveError(RuntimeError):
    """The files of an archive do not agree with its checkpoint, or its log with what was signed before."""


class SigningError(RuntimeError):
    """A signature was refused because it would contradict an earlier one, or its key cannot be used."""


class UnsignedError(SigningError):
    """A signer returned no valid signature, which it may do later."""


class TrimmedError(RuntimeError):
    """What has left a stream is asked for, and the archive is not there or does not have it."""
