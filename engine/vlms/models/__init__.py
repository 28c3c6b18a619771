"""The networks and adapters that the kinds of VLMs load. They import torch; only a kind's `load` imports them."""
