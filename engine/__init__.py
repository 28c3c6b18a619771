"""The engine: computes activations, representative images and concept scores once, and stores them in a run file."""

import os

# Read when torch starts its threads: those that wait must not spin, as films are decoded on the same cores meanwhile.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
