"""Makes the documentation as one site: guides, every table and column, what is made of what, a card per scenario."""

import click

from rekindle.ground import paths
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.site.pages import make_site


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@installation.CONNECTOR
def main(connector: str | None) -> None:
    """Write the site to target/site. Needs no warehouse; a published file adds what was decided last month."""
    chosen = installation.enter(connector)
    published = paths.public_file()
    folder = paths.target() / "site"
    pages = make_site(chosen, folder, paths.target() / "site-work", published if published.exists() else None)
    say(f"Site        {pages} pages")
    say(f"Next        open {paths.shown(folder)}/index.html in a browser")


if __name__ == "__main__":
    main()
