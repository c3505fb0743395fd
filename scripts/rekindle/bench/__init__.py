"""The benchmark: raw data of any size, the project on it, and beside it the same by hand, with pandas and with lifetimes."""
