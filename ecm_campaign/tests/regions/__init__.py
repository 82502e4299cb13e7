from . import test_region_rules
