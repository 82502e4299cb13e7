"""Settings of a UCCX: its nodes' addresses, how long a request may be on its way, what is not set."""

import pytest

from ecm_dialer_cisco.clients.uccx_config import UccxConfig


def make(*hosts, **settings):
    return UccxConfig(hosts, "u", "p", **settings)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("uccx1", "https://uccx1:443"),
        ("10.0.0.1", "https://10.0.0.1:443"),
        ("uccx1:8443", "https://uccx1:8443"),
        ("uccx1:x", "https://uccx1:x:443"),
        ("[fe80::1]", "https://[fe80::1]:443"),
        ("[fe80::1]:8443", "https://[fe80::1]:8443"),
        # Digits of an address are no port.
        ("fe80::1", "https://fe80::1:443"),
    ],
)
def test_a_host_may_have_a_port_of_its_own(host, address):
    assert make(host).node_urls == [address]


def test_nodes_are_asked_in_the_order_given():
    config = make("b", "a", scheme="http", port=80)
    assert config.node_urls == ["http://b:80", "http://a:80"]
    with pytest.raises(ValueError, match="at least one host"):
        make()


def test_a_request_may_leave_until_every_node_was_asked_with_all_tries():
    times = {"connect_timeout": 5, "read_timeout": 30, "retry_pause": 0.5, "import_timeout": 100}
    one = make("a", get_retries=2, **times)
    # Three looks and two pauses, of 0.75 and 1.5 seconds, before the request itself.
    assert one.leave_seconds == 3 * 35 + 2.25 + 35
    assert make("a", "b", get_retries=2, **times).leave_seconds == 2 * one.leave_seconds
    assert make("a", get_retries=0, **times).leave_seconds == 2 * 35
    assert one.doubt_seconds == one.leave_seconds + 100


def test_what_is_not_set_is_as_the_documentation_tells_and_safe():
    config = make("a")
    assert (config.port, config.verify_tls) == (443, True)
    # Every retry needs its number to be taken a second time.
    assert config.allow_duplicates is True
    assert config.with_call_details is True
    assert config.rows_per_request == 500
    assert (config.longest_lag, config.longest_silence, config.stuck_import) == (900, 3600, 3600)
