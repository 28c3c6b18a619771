"""Films and tables that are not on this machine: in buckets, and on web servers."""
