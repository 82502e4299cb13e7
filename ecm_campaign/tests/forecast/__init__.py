from . import test_dry_run
