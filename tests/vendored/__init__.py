"""Files of other projects that lie in this repository: `make vendor` fetches them, `make check` compares them."""
