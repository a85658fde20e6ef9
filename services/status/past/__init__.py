"""The board at any past position or instant, and what differs between two of them."""
