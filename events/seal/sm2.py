"""SM2 signatures with SM3 (GB/T 32918, GB/T 32905), where the extra `sm` is installed.

Of a message as it is, by the default signer id `1234567812345678` (GM/T 0009); a signature is the DER of r and s.
"""

try:
    import gmssl_pyx as gmssl
except ImportError:  # the extra is not installed
    gmssl = None

PUBLIC_BYTES = 64
"""Bytes of a public key: the coordinates x and y."""

PRIVATE_BYTES = 32

HAS_SM2 = gmssl is not None


def sm2_pair() -> tuple[bytes, bytes]:
    """Make a key: the private and the public one."""
    public, private = gmssl.sm2_key_generate()
    return private, public


def sm2_signature(private: bytes, public: bytes, message: bytes) -> bytes:
    """Sign a message."""
    signature: bytes = gmssl.sm2_sign(private, public, message)
    return signature


def sm2_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature is that of a message."""
    try:
        return bool(gmssl.sm2_verify(public, message, signature))
    except gmssl.GmsslInnerError:  # no signature, or no point of the curve
        return False
