"""What goes wrong with archives. Pure."""


class FormatError(ValueError):
    """Bytes are not what their specification says; the message names what, where, and what would be right."""


class SignatureError(ValueError):
    """A signature of a known key does not verify."""


class PolicyError(ValueError):
    """A checkpoint does not satisfy a policy; the message names what is missing."""


class StorageConflictError(RuntimeError):
    """A file exists with other bytes, or another process has published a checkpoint meanwhile."""


class ArchiveError(RuntimeError):
    """The files of an archive do not agree with its checkpoint, or its log with what was signed before."""


class SigningError(RuntimeError):
    """A signer gave no usable signature, or a signature was refused because of an earlier one."""
