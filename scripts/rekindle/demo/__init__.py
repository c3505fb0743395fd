"""The demo's raw data: a public package of grocery baskets, and a synthetic world of contacts around it."""
