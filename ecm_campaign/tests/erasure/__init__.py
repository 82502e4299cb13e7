from . import test_erasure, test_privacy_lookup, test_retention
