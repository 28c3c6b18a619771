"""The engine: computes activations, representative images and concept scores once, and stores them in a run file."""
