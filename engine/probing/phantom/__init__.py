"""Phantom chest films with known truth: anatomy, rendering, findings and reports. The probing set itself is in probing_set.py."""
