"""Checks signatures: the one file that names the library for it.

That costs a tenth of a second to import, so it waits for the first signature.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.couriers.email.services.refusals import NotProven

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whose key it is, and from when until when it may sign."""

    name: str
    key: "RSAPublicKey"
    begins_at: datetime
    ends_at: datetime


def read_certificate(pem: bytes) -> Certificate:
    """Take an X.509 certificate apart. Raises: NotProven when it is none, or not for RSA."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        found = x509.load_pem_x509_certificate(pem)
        key = found.public_key()
        names = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except (ValueError, UnsupportedAlgorithm):
        raise NotProven("no certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise NotProven("a certificate for other signatures")
    name = str(names[0].value) if names else ""
    return Certificate(name, key, found.not_valid_before_utc, found.not_valid_after_utc)


def rsa_holds(key: "RSAPublicKey", signature: str, content: bytes, *, sha1: bool) -> bool:
    """Whether the key's owner signed this, by PKCS #1 v1.5. Takes: the signature in base64."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    # Amazon signs with SHA-1 unless the topic's owner sets SignatureVersion 2. A forger would need
    # a second preimage, which SHA-1 still withstands; what it does not withstand are collisions.
    digest = hashes.SHA1() if sha1 else hashes.SHA256()  # noqa: S303 - Amazon's choice, see above
    try:
        key.verify(base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), digest)
    except (ValueError, InvalidSignature):
        return False
    return True


def read_p256_key(text: str) -> "EllipticCurvePublicKey":
    """A public key on the curve P-256, from its DER in base64. Raises: ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except UnsupportedAlgorithm:
        raise ValueError("no key that we know") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != ec.SECP256R1.name:
        raise ValueError("no key on P-256")
    return key


def p256_holds(key: "EllipticCurvePublicKey", signature: str, content: bytes) -> bool:
    """Whether the key's owner signed this, by ECDSA. Takes: the signature, DER in base64."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key.verify(base64.b64decode(signature, validate=True), content, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True
