"""Where a webhook may be sent: to no host of our own network, whatever its name says (R4).

A name is looked up once for each connection, every address that it has is checked, and the connection
goes to the address that was checked: a name that points elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL = 2000
PORTS = {"https": 443, "http": 80}
# Addresses of IPv4 that stand within one of IPv6, for translators on the way.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# What is no private network by its number, and none of the internet either: protocol assignments, where
# one cloud has its metadata, another cloud's own address, relays, and what IPv6 once had for sites.
OTHERS_PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "168.63.129.16", "192.88.99.0/24", "fec0::/10", "3fff::/20")
)

CODES = {
    "no_url": "This is no address such as https://crm.example.com/outcomes.",
    "not_https": "The address must begin with https://.",
    "has_user": "An address has no user and password: check the signature instead.",
    "private": "The address leads into a private network, which the API settings do not name.",
    "unknown_host": "There is no host of this name.",
}


class Refused(Exception):
    """Nothing is sent there; ``code`` is a key of `CODES`."""

    def __init__(self, code: str) -> None:
        super().__init__(CODES[code])
        self.code = code


@dataclass(frozen=True)
class Receiver:
    """The parts of an address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What stands in the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Allowed:
    """Hosts and networks of one's own that an administrator has named."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """
        :param text: names, addresses and networks with blanks between them
        :raise ValueError: names the word that is none of them

        >>> sorted(Allowed.parse("crm.local 10.20.0.0/16").hosts)
        ['crm.local']
        """
        hosts, networks = set(), []
        for word in text.split():
            network = _read_network(word)
            if network:
                networks.append(network)
            elif _is_name(word):
                hosts.add(word.lower())
            else:
                raise ValueError(word)
        return cls(frozenset(hosts), tuple(networks))

    def has_host(self, host: str) -> bool:
        """Whether the name itself stands there."""
        return host.lower() in self.hosts

    def has_address(self, address: Address) -> bool:
        """Whether the address is in one of the networks."""
        return any(address in network for network in self.networks)


def _read_network(word: str) -> Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def _is_name(word: str) -> bool:
    letters = word.replace(".", "").replace("-", "").replace("_", "")
    return letters.isascii() and letters.isalnum() and len(word) <= 253


def parse(url: str, allowed: Allowed) -> Receiver:
    """:raise Refused: it is no address that anything is sent to"""
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise Refused("no_url")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise Refused("no_url") from error
    if parts.scheme not in PORTS or not host:
        raise Refused("no_url")
    if parts.username or parts.password:
        raise Refused("has_user")
    # Within one's own network there may be no certificates.
    if parts.scheme == "http" and not _is_own(host, allowed):
        raise Refused("not_https")
    path = parts.path or "/"
    return Receiver(
        parts.scheme,
        host,
        port or PORTS[parts.scheme],
        f"{path}?{parts.query}" if parts.query else path,
    )


def _is_own(host: str, allowed: Allowed) -> bool:
    address = _read_address(host)
    return allowed.has_address(address) if address else allowed.has_host(host)


def find_address(
    receiver: Receiver,
    allowed: Allowed,
    look_up: Callable[..., Iterable[Any]] = socket.getaddrinfo,
) -> str:
    """The address to connect to.

    :param look_up: called like ``socket.getaddrinfo``
    :raise Refused: the name has no address, or one that is not public
    """
    try:
        found = list(look_up(receiver.host, receiver.port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise Refused("unknown_host") from error
    addresses = [_read_address(str(row[4][0])) for row in found]
    known = [address for address in addresses if address]
    if not known:
        raise Refused("unknown_host")
    if not allowed.has_host(receiver.host):
        # One that is public does not make the others so.
        for address in known:
            if not is_public(address) and not allowed.has_address(address):
                raise Refused("private")
    return str(known[0])


def _read_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and so are those of IPv4 that it stands for.

    >>> is_public(ipaddress.ip_address("::ffff:127.0.0.1"))
    False
    >>> is_public(ipaddress.ip_address("8.8.8.8"))
    True
    """
    inner = _get_inner(address) if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in OTHERS_PRIVATE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _get_inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
