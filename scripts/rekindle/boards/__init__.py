"""Boards: what marketers look at, one page that a browser opens, made of the published tables."""
