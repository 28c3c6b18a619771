"""Phantom chest films with known truth: anatomy, rendering, findings, reports. The probing set is in probing_set.py."""
