"""The site: the guides as they are, and what is made from dbt's manifest and the seeds, put together by MkDocs."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.settings import setting
from rekindle.site.catalogue import Counts, catalogue, seeds
from rekindle.site.dictionary import Dictionary

GUIDES = {
    "Start": ("index", "questions", "scenarios", "agents"),
    "Bring your data": ("connector-guide", "shopify", "host-project", "contract-version-2", "demo-data"),
    "Customers": ("segments", "customer-base", "what-did-not-work"),
    "Write to them": ("activation", "scenario-guide", "tracking", "privacy"),
    "Did it work": ("measurement", "boards", "metrics", "bi"),
}
DOCS = paths.PROJECT / "docs"
# pages that lie elsewhere in the project
ROOT_PAGES = {
    "index.md": paths.PROJECT / "README.md",
    "CONTRIBUTING.md": paths.PROJECT / "CONTRIBUTING.md",
    "CHANGELOG.md": paths.PROJECT / "CHANGELOG.md",
}
SEARCH = PurePosixPath("assets/javascripts/iframe_worker.js")
COUNTS = """
select
    scenario_id,
    case when outcome = 'closed' then 'stopped at ' || closed_gate else replace(outcome, '_', ' ') end as said,
    sum(step_count)
from activation.decision_waterfall
where date_trunc('month', as_of_date) = (select date_trunc('month', max(as_of_date)) from activation.decision_waterfall)
group by scenario_id, said
order by scenario_id, min(gate_order), said
"""
FEATURES = ["navigation.tabs", "navigation.top", "toc.follow", "search.highlight", "content.code.copy"]
PALETTE = [
    {
        "media": f"(prefers-color-scheme: {scheme})",
        "scheme": name,
        "primary": "teal",
        "toggle": {"icon": icon, "name": said},
    }
    for scheme, name, icon, said in (
        ("light", "default", "material/weather-night", "Dark"),
        ("dark", "slate", "material/weather-sunny", "Light"),
    )
]
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_PICTURE = re.compile(r"(!\[[^\]]*\]\()docs/")
_TABLE = re.compile(r"(?<![\[`])`(\w+)\.(\w+)`(?!\])")
STYLE = """
.drawing { overflow-x: auto; margin: 1em 0; }
.drawing svg { max-width: none; font: 11px ui-monospace, Menlo, Consolas, monospace; }
.drawing rect { fill: var(--md-default-bg-color); stroke: var(--md-default-fg-color--light); }
.drawing text { fill: var(--md-default-fg-color); }
.md-grid { max-width: 76rem; }
.md-typeset td:first-child code { white-space: nowrap; word-break: keep-all; }
.drawing a:hover rect, .drawing a:focus rect { stroke: var(--md-accent-fg-color); stroke-width: 2; }
.drawing .arrow { fill: none; stroke: var(--md-default-fg-color--lighter); }
.drawing .said { text-anchor: middle; font-size: 10px; }
"""


def make_site(connector: str, folder: Path, work: Path, published: Path | None) -> int:
    """Write the site into `folder` and say how many pages it has; `work` is filled with what it is made of.

    `published`: a published file that says what was decided last month, or None. A link that leads nowhere is an error.
    """
    dictionary = Dictionary(Dbt(connector).manifest.writable_manifest().to_dict(omit_none=False))
    pages = {
        name: _linked(name, content, dictionary) for name, content in _pages(connector, dictionary, _counts(published))
    }
    source = work / "pages"
    shutil.rmtree(source, ignore_errors=True)
    for name, content in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content, encoding="utf-8")
    for picture in sorted(DOCS.glob("*.[sp][vn]g")):
        shutil.copy2(picture, source / picture.name)
    (source / "site.css").write_text(STYLE, encoding="utf-8")
    try:
        build(load_config(_config(work, source, folder, list(pages)), strict=True))
    except MkDocsException as cause:
        raise RekindleError(f"The site was not made: {cause}") from cause
    _keep_at_home(folder)
    return len(pages)


def _keep_at_home(folder: Path) -> None:
    """The theme takes the script that searches opened files from another server; it is brought along instead."""
    shutil.copy2(Path(__file__).with_name(SEARCH.name), folder / SEARCH)
    for page in folder.rglob("*.html"):
        up = "../" * (len(page.relative_to(folder).parts) - 1)
        html = page.read_text(encoding="utf-8")
        page.write_text(html.replace("https://unpkg.com/iframe-worker/shim", f"{up}{SEARCH}"), encoding="utf-8")


def _pages(connector: str, dictionary: Dictionary, counts: Counts) -> Iterator[tuple[str, str]]:
    """Each page's name and its markdown, links still as they are in the project."""
    for name, page in ROOT_PAGES.items():
        yield name, page.read_text(encoding="utf-8")
    for guide in sorted(DOCS.rglob("*.md")):
        yield str(guide.relative_to(DOCS)), guide.read_text(encoding="utf-8")
    lines = [f"* [{_title(page)}]({page.name})" for page in sorted((DOCS / "decisions").glob("*.md"))]
    yield (
        "decisions/index.md",
        "\n".join(["# Decisions", "", "What was decided, why, and what it costs.", "", *lines, ""]),
    )
    rows = seeds(paths.PROJECT / "seeds/config", setting("scenarios_in_use", connector))
    yield "scenarios.md", catalogue(rows, dictionary, counts)
    for name, content in dictionary.pages():
        yield f"dictionary/{name}", content


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def _counts(published: Path | None) -> dict[str, dict[str, int]]:
    """What came of the steps of the last month that was decided on, per scenario."""
    if published is None:
        return {}
    with contextlib.closing(connect(published, read_only=True)) as file:
        rows = file.execute(COUNTS).fetchall()
    found: dict[str, dict[str, int]] = {}
    for scenario, said, count in rows:
        found.setdefault(scenario, {})[said] = count
    return found


def _linked(name: str, content: str, dictionary: Dictionary) -> str:
    """The page with links as they are in the site, and a link behind each `schema.table` that is described here."""
    place = PurePosixPath(name).parent
    if place.name == "dictionary":
        return content
    up = "../" * len(place.parts)

    def link(found: re.Match[str]) -> str:
        said, target = found.groups()
        if "://" in target or target.startswith("#"):
            return found.group(0)
        path, _, anchor = target.partition("#")
        origin = paths.PROJECT if name in ROOT_PAGES else DOCS / place
        lies = Path(os.path.normpath(origin / path))
        page = next((here for here, there in ROOT_PAGES.items() if lies == there), None)
        if page is None and lies.is_relative_to(DOCS):
            page = str(lies.relative_to(DOCS))
        if page is None or (lies.is_dir() and page != "decisions"):
            return said if said.startswith("`") else f"{said} (`{lies.relative_to(paths.PROJECT)}`)"
        page = "decisions/index.md" if page == "decisions" else page
        return f"[{said}]({up}{page}{'#' if anchor else ''}{anchor})"

    def table(found: re.Match[str]) -> str:
        known = dictionary.by_name.get(found.group(2))
        return f"[{found.group(0)}]({up}dictionary/{known.link})" if known else found.group(0)

    content = _PICTURE.sub(r"\1", content)
    parts = re.split(r"(^```.*?^```$)", content, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [_TABLE.sub(table, _LINK.sub(link, prose)) for prose in parts[::2]]
    return "".join(parts)


def _config(work: Path, source: Path, folder: Path, pages: list[str]) -> str:
    """The configuration of MkDocs: nothing is asked of anybody else's server."""
    guides = {part: [f"{name}.md" for name in names if f"{name}.md" in pages] for part, names in GUIDES.items()}
    named = {page for listed in guides.values() for page in listed}
    rest = [page for page in pages if page not in named and "/" not in page]
    layers = [page for page in pages if page.startswith("dictionary/")]
    decisions = [page for page in pages if page.startswith("decisions/")]
    nav = {**guides, "Tables": layers, "Run it": rest, "Decisions": decisions}
    config = {
        "site_name": "Rekindle",
        "docs_dir": str(source),
        "site_dir": str(folder),
        "use_directory_urls": False,
        "theme": {"name": "material", "font": False, "features": FEATURES, "palette": PALETTE},
        "plugins": ["search", "offline"],
        "markdown_extensions": [
            "attr_list", "admonition", "pymdownx.details", "pymdownx.superfences", "tables",
            {"toc": {"permalink": True}},
        ],
        "extra_css": ["site.css"],
        "nav": [{part: listed} for part, listed in nav.items()],
        "validation": {"anchors": "warn", "unrecognized_links": "warn", "omitted_files": "info"},
    }  # fmt: skip
    file = work / "mkdocs.yml"
    file.write_text(yaml.dump(config, sort_keys=False), encoding="utf-8")
    return str(file)
