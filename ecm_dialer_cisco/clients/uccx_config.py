"""Settings of the client of one UCCX."""

from __future__ import annotations

from dataclasses import dataclass, field

from .digits import AS_IT_IS, DigitPlan

LONGEST_JITTER = 1.5
"""A pause between two tries is at most so many times what is set."""


@dataclass(frozen=True)
class UccxConfig:
    """How to reach one UCCX and how to treat it; times in seconds.

    :param hosts: both nodes, the preferred one first, each with an optional ``:port``
    :param verify_tls: True, False or the path of a CA file (UCCX certificates are mostly
        self-signed)
    :param import_timeout: an accepted import that is not finished after it leaves the batch in
        doubt; an unfinished import of somebody else that is older blocks no longer
    :param poll_interval: longest pause between two looks at the import status
    :param rows_per_request: largest batch (documented top 10,000; 500 is safe for redundant
        systems, reference §1.7)
    :param allow_duplicates: take a number that the campaign already has or dialled today, as every
        retry needs
    :param general_path: where the general outbound configuration is read
    :param key_prefixes: our account numbers start with one of them; other rows of the dialing list
        are ignored
    :param open_horizon: contacts without a result are looked at so long (use the dangling time)
    :param overlap: rows created so shortly before the newest one are read again
    :param detail_patience: so long an answered agent call waits for the agent's record, because
        UCCX closes a preview contact as Voice when the call is placed and corrects it when the
        agent classifies it (reference §2.5)
    :param preview_patience: the same for a preview, which an agent may have on the screen for hours
    :param look_interval: so often all that waits is read, and not only what has a result
    :param stuck_import: an import that is unfinished for so long counts as a leftover: others are
        sent again, and what it may have taken counts as sent
    :param longest_lag: so long the results database may be behind (a standby node); what it does
        not show after that counts as sent
    :param longest_silence: where nothing tells how much was taken, so much longer the results
        database is waited for that shows nothing newer; what it does not show then counts as sent
    :param digits: what is dialled for a number
    """

    hosts: tuple[str, ...]
    user: str
    password: str = field(repr=False)
    port: int = 443
    scheme: str = "https"
    verify_tls: bool | str = True
    connect_timeout: float = 5
    read_timeout: float = 30
    import_timeout: float = 120
    poll_interval: float = 1
    rows_per_request: int = 500
    allow_duplicates: bool = True
    general_path: str = "/adminapi/generalobconfig"
    key_prefixes: tuple[str, ...] = ("",)
    get_retries: int = 2
    retry_pause: float = 0.5
    overlap: float = 300
    open_horizon: float = 86_400
    with_call_details: bool = True
    detail_patience: float = 900
    preview_patience: float = 14_400
    look_interval: float = 3_600
    stuck_import: float = 3_600
    longest_lag: float = 900
    longest_silence: float = 3_600
    digits: DigitPlan = AS_IT_IS
    page_rows: int = 2000

    def __post_init__(self) -> None:
        if not self.hosts:
            raise ValueError("A UCCX needs at least one host")

    @property
    def node_urls(self) -> list[str]:
        """Address of each node, as the start of a URL."""
        return [f"{self.scheme}://{self._with_port(host)}" for host in self.hosts]

    @property
    def leave_seconds(self) -> float:
        """So long after `push` was called its request may still leave: each node is asked for the
        status of its import first, with all tries, and a request that it did not take goes to the
        next one.
        """
        one_request = self.connect_timeout + self.read_timeout
        pauses = LONGEST_JITTER * self.retry_pause * ((1 << self.get_retries) - 1)
        status = (self.get_retries + 1) * one_request + pauses
        return len(self.hosts) * (status + one_request)

    @property
    def doubt_seconds(self) -> float:
        """So long after `push` was called `find` may not know yet what was sent: a request that has
        left may sit in the server's queue as long as an import may take.
        """
        return self.leave_seconds + self.import_timeout

    def _with_port(self, host: str) -> str:
        return host if _has_port(host) else f"{host}:{self.port}"


def _has_port(host: str) -> bool:
    """Whether digits follow a colon that is no part of an IPv6 address."""
    is_one_colon = host.count(":") == 1 or "]:" in host
    return is_one_colon and host.rpartition(":")[2].isdigit()
