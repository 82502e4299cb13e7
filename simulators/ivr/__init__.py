"""A callback script of a dialer's IVR to rehearse with: it looks up the calls that are answered, and
gives them to agents who are not there.
"""
