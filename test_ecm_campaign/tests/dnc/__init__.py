from . import test_dnc
