"""Real file servers on loopback ports, for the time of a test: OpenSSH's SFTP server and Samba."""
