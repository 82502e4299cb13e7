from . import (
    test_allowed,
    test_email_tour,
    test_gate,
    test_inbound,
    test_sending,
    test_tracking,
)
