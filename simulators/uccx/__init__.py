"""A UCCX to rehearse with: configuration API over HTTPS, dialing lists in PostgreSQL, a dialer that
calls nobody.
"""
