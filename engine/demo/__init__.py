"""The embedded default: demo.toml, which `mammi demo` computes."""
