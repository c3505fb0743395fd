"""Colours of the boards, light and dark. A test computes their contrast; no meaning hangs on a colour alone."""

# each light and dark
COLOURS = {
    "page": ("#f6f5f2", "#15171a"),
    "card": ("#ffffff", "#1f2226"),
    "ink": ("#1c1f23", "#eceae6"),
    "muted": ("#54585f", "#b1b4ba"),
    "line": ("#d9d7d1", "#3a3e45"),
    "link": ("#0b5394", "#8ec5ff"),
    "plain": ("#2f6690", "#6fa8d6"),
    "down": ("#b3400e", "#f08a55"),
    "up": ("#1f6f5c", "#5cc2a4"),
    "quiet": ("#6f747c", "#8d939c"),
    "second": ("#8a5a00", "#d9a441"),
}
# what a bar or a ribbon may say
TONES = ("plain", "down", "up", "quiet", "second")


def custom_properties() -> str:
    """The colours as CSS: light by default, dark for whoever has asked for it, light on paper."""
    light, dark = ("; ".join(f"--{name}: {pair[which]}" for name, pair in COLOURS.items()) for which in range(2))
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )
