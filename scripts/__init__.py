"""What `make` runs. The modules that setup needs use the standard library only."""
