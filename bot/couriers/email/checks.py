"""What a setting for a mail server may look like."""

import re
import ssl
from pathlib import Path


def is_host(text: str) -> bool:
    """Whether it is a host's name or address alone; an empty one is, too."""
    return re.search(r"[/@\s]|^[^:]+:\d+$", text) is None


def is_address(text: str) -> bool:
    """Whether it is an e-mail address that every server understands."""
    return text.isascii() and re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+", text) is not None


def has_certificates(path: Path) -> bool:
    """Whether there is a file of certificates in PEM."""
    try:
        return bool(ssl.create_default_context(cafile=str(path)).get_ca_certs())
    except OSError:  # not there, not readable, or not PEM (SSLError is an OSError)
        return False
