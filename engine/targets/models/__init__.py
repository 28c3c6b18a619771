"""The networks that the kinds of target models load. They import torch; only a kind's `load` imports them."""
