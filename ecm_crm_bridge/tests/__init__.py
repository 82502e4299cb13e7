from . import test_access, test_allowed, test_launch, test_segment
