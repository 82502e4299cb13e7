from . import callbacks, clicks
