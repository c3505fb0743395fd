"""The benchmark: raw data of any size, the project on it, and beside it hand-written SQL, pandas and lifetimes."""
