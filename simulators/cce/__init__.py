"""A CCE to rehearse with: its databases over SQL Server's protocol, a dialer that calls nobody."""
