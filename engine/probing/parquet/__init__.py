"""Films that Parquet files list, or hold."""
