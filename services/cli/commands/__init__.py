"""The commands of `duban`: a file is a command, or a group of them."""
