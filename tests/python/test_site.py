"""The documentation as one site: every table, column and scenario is in it, every link leads somewhere.

The site is made once, from a parse of the project; its pages are read back as HTML.
"""

import csv
import html
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import duckdb
import networkx as nx
import pytest
import yaml
from workshop import Workshop

from rekindle.ground.errors import RekindleError
from rekindle.site import pages
from rekindle.site.catalogue import VALUES
from rekindle.site.drawing import Box, drawing

ROOT = Path(__file__).resolve().parents[2]


class _Page(HTMLParser):
    """Ids, links and what a browser would fetch by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.ids.add(found.get("id", ""))
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        self.fetched |= {found[name] for name in ("src", "data", "poster") if name in found}
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.fetched.add(found["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        assert pages.make_site("completejourney", folder / "site", folder / "work", None) > 50
    return folder / "site"


@pytest.fixture(scope="module")
def read(site: Path) -> dict[Path, _Page]:
    return {path: _Page(path) for path in site.rglob("*.html")}


def test_every_table_and_column_of_the_public_layers_is_in_the_dictionary(site: Path, read: dict[Path, _Page]) -> None:
    described = 0
    for layer in ("core", "segments", "hub", "activation", "measurement"):
        page = site / "dictionary" / f"{layer}.html"
        shown = page.read_text(encoding="utf-8")
        for file in (ROOT / "models" / layer).glob("*.yml"):
            for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
                assert model["name"] in read[page].ids
                entry = shown.split(f'id="{model["name"]}"', 1)[1].split("<h2 ", 1)[0]
                for column in model.get("columns", []):
                    described += 1
                    assert f"<code>{column['name']}</code>" in entry, f"{model['name']}.{column['name']}"
    assert described > 500


def test_every_scenario_has_a_card_with_its_journey(site: Path, read: dict[Path, _Page]) -> None:
    shown = (site / "scenarios.html").read_text(encoding="utf-8")
    assert "(*)" not in shown
    with (ROOT / "seeds" / "config" / "scenario_steps.csv").open(encoding="utf-8") as file:
        steps = list(csv.DictReader(file))
    assert {step["scenario_id"] for step in steps} <= read[site / "scenarios.html"].ids
    for step in steps:
        card = shown.split(f'id="{step["scenario_id"]}"', 1)[1].split("<h2 ", 1)[0]
        assert f">{step['step']}</text>" in card


def test_a_card_says_in_words_what_a_marketer_asks(site: Path) -> None:
    shown = (site / "scenarios.html").read_text(encoding="utf-8")
    seeds = {}
    for name in ("scenarios", "content_blocks", "scenario_moments", "scenario_offers", "scenario_step_variants"):
        with (ROOT / "seeds" / "config" / f"{name}.csv").open(encoding="utf-8") as file:
            seeds[name] = list(csv.DictReader(file))
    names = [row["scenario_id"] for row in seeds["scenarios"]]
    cards = {name: shown.split(f'id="{name}"', 1)[1].split("<h2 ", 1)[0] for name in names}
    for card in cards.values():
        for row in ("Who", "When", "Channel", "Content", "Offer", "Stops on", "Held out", "Needs", "Files"):
            assert re.search(f"<td>{row}</td>\\s*<td>.+</td>", card), row
    for block in seeds["content_blocks"]:
        if block["text_key"] not in ("lever", "cta"):
            assert f"“{html.escape(block['content_text'], quote=False)}”" in cards[block["scenario_id"]]
    assert "rating up to 2" in cards["service_recovery"]
    assert "promotion sensitivity from 0.30" in cards["repurchase_overdue"]
    assert "50% carries offer, 50% asks for email" in cards["welcome"]
    assert "first message, asks for email, for everybody: headline" in cards["welcome"]
    assert "first message, asks for email, in Dutch: headline" in cards["welcome"]
    assert "first message 1 day after the trigger" in cards["discover"]
    # each step says its own words, when it goes out, and what is asked where clicks may not be known
    for said in (
        "in Dutch: headline “Dat is lang geleden”",
        "thanks, in Dutch: headline “Fijn dat u er nog bent”",
        "thanks: leads with relation, or with its offer, to visit store or shop",
        "other proposal 7 days after first message, if not clicked discount; where",
        "thanks straight after first message or other proposal, if clicked discount; where",
        "where that may not be known, never<",
        "reminder 7 days after thanks, if it has an offer",
    ):
        assert said in cards["reactivation"]
    assert "Steps" not in cards["lookalike_seed"]
    # a number counts something that has a name
    counted = {row["moment"] for row in seeds["scenario_moments"] if row["at_least"] or row["at_most"]}
    offering = {row["scenario_id"] for row in seeds["scenario_offers"] if row["from_value"]}
    counted |= {row["moment"] for row in seeds["scenario_moments"] if row["scenario_id"] in offering}
    assert counted <= set(VALUES)


def test_every_link_leads_to_a_page_and_a_place_on_it(site: Path, read: dict[Path, _Page]) -> None:
    followed = 0
    for path, page in read.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link) or path.name == "404.html":
                continue
            target, _, anchor = link.partition("#")
            there = (path.parent / unquote(target)).resolve() if target else path
            assert there.exists(), f"{path.relative_to(site)}: {link}"
            if anchor and there.suffix == ".html":
                followed += 1
                assert unquote(anchor) in read[there].ids, f"{path.relative_to(site)}: {link}"
    assert followed > 1000


def test_nothing_is_asked_of_another_server(site: Path, read: dict[Path, _Page]) -> None:
    fetched = {each for path, page in read.items() for each in page.fetched if path.name != "404.html"}
    assert len(fetched) > 5
    assert [each for each in fetched if re.match(r"(https?:)?//", each)] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", styles) == []


def test_a_table_named_in_a_guide_links_to_its_entry(site: Path, read: dict[Path, _Page]) -> None:
    assert "dictionary/segments.html#segment_moves" in read[site / "questions.html"].links


def test_a_link_that_leads_nowhere_stops_the_making(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.exists()
    made: Callable[..., object] = pages._pages
    monkeypatch.setattr(pages, "_pages", lambda *given: [*made(*given), ("lost.md", "[x](#nowhere)\n")])  # type: ignore[misc]
    monkeypatch.setenv("DBT_TARGET_PATH", str(site.parent / "target"))
    with pytest.raises(RekindleError, match="The site was not made"):
        pages.make_site("completejourney", tmp_path / "site", tmp_path / "work", None)


def test_what_was_decided_last_month_is_counted_by_what_came_of_it(decided_workshop: Workshop) -> None:
    counts = pages._counts(decided_workshop.warehouse)
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as warehouse:
        decided = warehouse.execute(
            "select scenario_id, sum(step_count) from activation.decision_waterfall "
            "where date_trunc('month', as_of_date) = "
            "(select max(date_trunc('month', as_of_date)) from activation.decision_waterfall) group by all"
        ).fetchall()
    assert {scenario: sum(said.values()) for scenario, said in counts.items()} == dict(decided)
    assert counts["anti_attrition"]["held out"] > 0


def test_boxes_stand_right_of_what_they_are_made_of() -> None:
    drawn = drawing([Box("c"), Box("a"), Box("b")], {("a", "b"): "3 days", ("b", "c"): ""}, "A journey")
    at = {name: int(x) for x, name in re.findall(r'<rect x="(\d+)".*?<text [^>]*>(\w)</text>', drawn)}
    assert at["a"] < at["b"] < at["c"]
    assert "3 days" in drawn
    assert 'aria-label="A journey"' in drawn


def test_a_circle_is_refused_and_nothing_is_drawn_of_nothing() -> None:
    assert drawing([], {}, "Nothing") == ""
    with pytest.raises(nx.NetworkXUnfeasible):
        drawing([Box("a"), Box("b")], {("a", "b"): "", ("b", "a"): ""}, "A circle")
