"""A new scenario on each kind of moment is rows of seeds, and nothing else."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import people_project
import pytest
import yaml
from compiled import CompiledModels, fill
from workshop import rows

from rekindle.ground.paths import PROJECT
from rekindle.tell.explaining import Explainer

# scenario_id, moment, subjects, at_least, at_most, days_before, period, reason_code
LISTENERS = {
    "second_welcome": ("became_contactable", "", "", "", "", "", "can_be_written_to"),
    "large_cart": ("cart_left", "", "50", "", "", "", "left_a_large_cart"),
    "left_the_top": ("went_down", "champions>loyal", "2", "", "", "", "left_the_top"),
    "unhappy": ("service_event", "survey_answer>complaint", "", "2", "", "", "is_unhappy"),
    "asleep": ("inactive", "dormant", "", "", "", "quarter", "is_asleep"),
    "happy": ("service_event", "survey_answer", "5", "", "", "", "is_happy"),
}
KINDS = [
    *("moment_became_contactable", "moment_cart_left", "moment_went_down", "moment_service_event", "state_inactive"),
]
MODELS = ["moment_windows", *KINDS, "moments", "offer_choices", "scenario_triggers"]
SEEDS = ("scenarios", "scenario_moments", "scenario_steps", "scenario_offers", "content_blocks", "feeds")


def append(path: Path, *new: dict[str, str]) -> None:
    """Rows at the end of a seed; what they leave out is empty."""
    with path.open(encoding="utf-8", newline="") as handle:
        columns = next(csv.reader(handle))
    with path.open("a", encoding="utf-8", newline="") as handle:
        for row in new:
            assert set(row) <= set(columns)
            csv.writer(handle, lineterminator="\n").writerow([row.get(column, "") for column in columns])


def add_scenario(folders: dict[str, Path], scenario: str, priority: int) -> None:
    """Everything that a scenario is: its row, what it listens to, its step, its offer, its words and its feed."""
    listener = dict(
        zip(
            ("moment", "subjects", "at_least", "at_most", "days_before", "period", "reason_code"),
            LISTENERS[scenario],
            strict=True,
        )
    )
    append(
        folders["scenarios"],
        {
            "scenario_id": scenario,
            "scenario_name": scenario.replace("_", " ").capitalize(),
            "plan": "retention",
            "objective": "retain",
            "kind": "message",
            "trigger_kind": "unpredictable",
            "channels": "email",
            "purpose": "marketing",
            "priority": str(priority),
            "cooldown_days": "0",
            "entry_window_days": "100",
            "journey_days": "100",
            "holdout_share": "0",
            "holdout_salt": f"{scenario}_1",
            "recurrence": "per_entry_key",
            "is_enabled": "true",
            "targeting_data": "consents.status",
            "trigger_data": "orders.ordered_at",
            "personalisation_data": "offers.offer_type",
            "interruption_data": "contacts.email",
            "stops_on": "return",
            "message_limit": "1",
        },
    )
    append(folders["scenario_moments"], {"scenario_id": scenario, **listener})
    append(
        folders["scenario_steps"],
        {
            "scenario_id": scenario,
            "step": "only_message",
            "wait_days": "0",
            "condition": "none",
            "template": scenario,
            "variant_salt": f"{scenario}_1",
            "offer_rule": "keep",
            "stop_after_days": "0",
        },
    )
    append(
        folders["scenario_offers"],
        {"scenario_id": scenario, "subject": "*", "offer_type": "coupon", "offer_rule": "lowest_value"},
    )
    texts = {"lever": "relation", "cta": "come_back", "headline": f'Hello, "{scenario}"'}
    append(
        folders["content_blocks"],
        *(
            {
                "scenario_id": scenario,
                "step": "*",
                "text_key": key,
                "language_code": "*",
                "content_text": said,
                "valid_from_date": "2013-01-01",
            }
            for key, said in texts.items()
        ),
    )
    append(
        folders["feeds"],
        {
            "feed": f"{scenario}_email",
            "audience": scenario,
            "target": "generic",
            "channel": "email",
            "purpose": "marketing",
            "mode": "full",
            "content": "Headline=headline",
        },
    )


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the seeds with the new scenarios, and one person per kind of moment."""
    shutil.copytree(PROJECT / "seeds" / "config", tmp_path / "config")
    folders = {seed: tmp_path / "config" / f"{seed}.csv" for seed in SEEDS}
    for place, scenario in enumerate(LISTENERS):
        add_scenario(folders, scenario, 100 + place)
    pages = yaml.safe_load((PROJECT / "seeds" / "config" / "_config__seeds.yml").read_text(encoding="utf-8"))["seeds"]
    types = {page["name"]: page["config"]["column_types"] for page in pages}
    noon = datetime.fromisoformat("2024-06-28 12:00")
    with duckdb.connect() as connection:
        for seed in SEEDS:
            fill(connection, seed, types[seed], [])
            connection.execute(
                f"insert into {seed} from read_csv('{folders[seed]}', header = true, all_varchar = true)"
            )
        text, stamp, day, number = "varchar", "timestamp", "date", "decimal(18, 2)"
        fill(
            connection,
            "dim_profiles",
            {
                "profile_id": text,
                "has_ads_consent": "boolean",
                "last_contact_from_person_at": stamp,
                "rfm_segment": text,
                "declared_interests": text,
                "preferred_store_id": text,
                "first_silo": text,
            },
            [
                ("new", False, noon, None, "cats", "s1", "pos"),
                ("carter", False, noon, None, None, None, "pos"),
                ("fallen", False, noon, "at_risk", None, None, "pos"),
                ("unhappy", False, noon, None, None, None, "pos"),
                ("asleep", False, datetime.fromisoformat("2023-02-01 12:00"), None, None, None, "pos"),
            ],
        )
        fill(
            connection,
            "silence_current",
            {"profile_id": text, "engagement_tier": text, "last_contact_date": day},
            [("asleep", "dormant", date(2023, 2, 1))],
        )
        fill(connection, "profiles", {"profile_id": text, "created_at": stamp}, [("new", noon)])
        fill(
            connection,
            "fct_consents",
            {"profile_id": text, "channel": text, "purpose": text, "is_granted": "boolean", "valid_from": stamp},
            [("new", "email", "marketing", True, noon)],
        )
        fill(connection, "fct_web_events", {"profile_id": text, "category": text, "occurred_at": stamp}, [])
        fill(
            connection,
            "fct_carts",
            {
                "cart_id": text,
                "profile_id": text,
                "order_id": text,
                "items": text,
                "item_count": "integer",
                "cart_amount": number,
                "updated_date": day,
                "updated_at": stamp,
            },
            [
                ("small", "carter", None, "p1", 1, 49.99, noon.date(), noon),
                ("large", "carter", None, "p1,p2", 2, 50.00, noon.date(), noon),
            ],
        )
        fill(
            connection,
            "fct_orders",
            {"profile_id": text, "order_status": text, "order_date": day, "ordered_at": stamp},
            [],
        )
        fill(
            connection,
            "segment_moves",
            {
                "profile_id": text,
                "from_segment": text,
                "to_segment": text,
                "steps_down": "integer",
                "segment_month": day,
                "is_down": "boolean",
            },
            [
                ("fallen", "loyal", "at_risk", 7, date(2024, 5, 1), True),
                ("near", "loyal", "x", 1, date(2024, 5, 1), True),
            ],
        )
        fill(connection, "dim_segments", {"segment": text, "rung": "integer"}, [("loyal", 10)])
        fill(connection, "rfm_published", {"profile_id": text, "segment_month": day, "monetary_amount": number}, [])
        fill(connection, "rfm_monthly", {"profile_id": text, "segment_month": day, "segment": text}, [])
        fill(
            connection,
            "fct_service_events",
            {
                "event_id": text,
                "profile_id": text,
                "order_id": text,
                "event_type": text,
                "rating": "integer",
                "is_resolved": "boolean",
                "occurred_date": day,
                "occurred_at": stamp,
            },
            [
                ("bad", "unhappy", "o1", "survey_answer", 2, None, noon.date(), noon),
                ("good", "unhappy", "o1", "survey_answer", 3, None, noon.date(), noon),
                ("money", "unhappy", "o1", "refund", 1, True, noon.date(), noon),
            ],
        )
        fill(
            connection,
            "dim_offers",
            {"offer_id": text, "offer_type": text, "face_value_amount": number, "valid_from": day, "valid_to": day},
            [("five_off", "coupon", 5, date(2024, 1, 1), None)],
        )
        offer = {"profile_id": text, "offer_type": text, "offer_id": text, "offer_amount": number}
        fill(connection, "matching_offers", offer, [])
        yield connection


def test_the_first_kinds_of_moment_are_heard_by_a_new_scenario_from_rows_alone(
    facts: duckdb.DuckDBPyConnection,
) -> None:
    models = CompiledModels(MODELS, {"as_of_date": "2024-06-30", "business_timezone": "UTC", "moments": KINDS})
    models.build(facts, *MODELS)
    names = ", ".join(f"'{scenario}'" for scenario in LISTENERS)
    found = facts.execute(
        "select scenario_id, profile_id, entry_key, reason_code, offer_id, triggered_date "
        f"from scenario_triggers where scenario_id in ({names}) order by scenario_id"
    ).fetchall()
    assert found == [
        ("asleep", "asleep", "2024-04-01", "is_asleep", "five_off", date(2024, 4, 1)),
        ("large_cart", "carter", "large", "left_a_large_cart", "five_off", date(2024, 6, 28)),
        ("left_the_top", "fallen", "2024-05-01", "left_the_top", "five_off", date(2024, 6, 1)),
        ("second_welcome", "new", "first_contact", "can_be_written_to", "five_off", date(2024, 6, 28)),
        ("unhappy", "unhappy", "bad", "is_unhappy", "five_off", date(2024, 6, 28)),
    ]


# What the person did whom each scenario is about that a retailer does not begin with: orders, web events and contracts.
LIFECYCLE: dict[str, dict[str, list[tuple[str, ...]]]] = {
    "back_in_stock": {"events": [("wishlist_add", "2024-03-01", "raincoat", "dog clothing", "")]},
    "birthday": {},
    "contact_enrichment": {},
    "contract_end": {"contracts": [("2023-07-31", "2024-07-31")]},
    "cross_sell": {"orders": [("ghent", "store", f"2024-{month}-01", "cat_litter") for month in ("04", "05", "06")]},
    "discover": {"events": [("product_view", "2024-06-29", "raincoat", "dog clothing", "")] * 2},
    "drive_invitation": {
        "orders": [("namur_drive", "store", f"2024-{month}-15", "raincoat") for month in ("04", "05", "06")]
    },
    "drive_revival": {
        "orders": [
            ("namur_drive", "drive", "2024-01-15", "raincoat"),
            ("namur_drive", "store", "2024-06-15", "raincoat"),
        ]
    },
    "first_purchase": {"orders": [("ghent", "store", "2024-06-30", "raincoat")]},
    "lead_nurturing": {"events": [("form_submit", "2024-06-30", "", "", "contest")]},
    "post_purchase_survey": {
        "orders": [("web", "web", "2024-05-02", "raincoat"), ("web", "web", "2024-06-27", "raincoat")]
    },
    "replenishment": {
        "orders": [("ghent", "store", "2024-04-13", "cat_litter"), ("ghent", "store", "2024-06-13", "cat_litter")]
    },
    "repurchase_overdue": {
        "orders": [
            ("ghent", "store", day, "dog_food")
            for day in ("2024-01-25", "2024-02-24", "2024-03-25", "2024-04-24", "2024-05-24")
        ]
    },
}


def add_lifecycle_people(raw: Path) -> None:
    """One person for each scenario of LIFECYCLE, who said yes to e-mail long ago."""
    read = {"source_system": "pos", "extracted_at": "2024-07-01 06:00:00"}
    for number, (scenario, facts) in enumerate(LIFECYCLE.items(), start=10):
        contact = {**read, "contact_id": f"for_{scenario}"}
        append(
            raw / "contacts.csv",
            {
                **contact,
                "silo": "till",
                "email": f"{scenario}@example.com",
                "phone": "" if scenario == "contact_enrichment" else f"+44 20 7946 07{number}",
                "first_name": "Pat",
                "birth_date": "1990-07-08" if scenario == "birthday" else "",
                "language_code": "nl",
                "country_code": "BE",
                "created_at": "2022-03-01 09:00:00",
            },
        )
        yes = {"channel": "email", "purpose": "marketing", "status": "granted", "changed_at": "2022-03-01 09:00:00"}
        append(raw / "consents.csv", {**contact, **yes})
        for place, (store, channel, day, product) in enumerate(facts.get("orders", [])):
            order = {**read, "order_id": f"{scenario}_{place}"}
            noon = {"ordered_at": f"{day} 12:00:00", "delivered_at": f"{day[:-2]}{int(day[-2:]) + 1:02} 12:00:00"}
            kind = {"store_id": store, "sales_channel": channel, "order_status": "completed", "currency_code": "EUR"}
            append(raw / "orders.csv", {**order, **kind, **noon, "contact_id": contact["contact_id"]})
            worth = {"gross_amount": "20.00", "net_amount": "20.00", "discount_amount": "0.00"}
            line = {"line_number": "1", "product_id": product, "quantity": "1", "offer_discount_amount": "0.00"}
            append(raw / "order_lines.csv", {**order, **line, **worth})
        for place, (kind_of_event, day, product, category, form) in enumerate(facts.get("events", [])):
            append(
                raw / "web_events.csv",
                {
                    **contact,
                    "event_id": f"{scenario}_{place}",
                    "event_type": kind_of_event,
                    "platform": "web",
                    "product_id": product,
                    "category": category,
                    "form_type": form,
                    "occurred_at": f"{day} 1{place}:00:00",
                },
            )
        for begins, ends in facts.get("contracts", []):
            term = {"contract_type": "subscription", "start_date": begins, "end_date": ends}
            append(raw / "contracts.csv", {**contact, **term, "contract_id": f"{scenario}_contract"})


def take_into_use(project: Path, scenarios: Path, *others: str) -> None:
    """One name in a list, for each of LIFECYCLE. And nobody is held out: there is one person for each."""
    settings = project / "dbt_project.yml"
    before = settings.read_text(encoding="utf-8")
    after = before.replace(
        "survey_thanks, welcome]", ", ".join(("survey_thanks", "welcome", *LIFECYCLE, *others)) + "]"
    )
    assert before != after
    settings.write_text(after, encoding="utf-8")
    lines = scenarios.read_text(encoding="utf-8").splitlines()
    edited = [re.sub(r",0\.[12]0,", ",0.00,", line) if line.split(",")[0] in LIFECYCLE else line for line in lines]
    scenarios.write_text("\n".join(edited) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs on a copy of the project with edited seeds and one list, and people for what was taken into use."""
    folder = tmp_path_factory.mktemp("edited")
    project = folder / "project"
    people_project.copy_files(project, {"currency_code": "EUR"})
    folders = {seed: project / "seeds" / "config" / f"{seed}.csv" for seed in SEEDS}
    # the hand-written rows come with seeds of their own
    own = ("scenarios", "scenario_moments", "scenario_steps", "content_blocks")
    folders |= {seed: project / "seeds" / "fixture" / f"{seed}.csv" for seed in own}
    add_scenario(folders, "happy", 1)
    take_into_use(project, folders["scenarios"], "happy")
    add_lifecycle_people(project / "tests" / "fixtures" / "raw")
    run = str(project / "scripts" / "run.py")
    people_project.call(folder, run, "--connector", "fixture", "--as-of", "2024-07-01")
    return folder


def test_each_scenario_that_a_retailer_does_not_begin_with_writes_to_its_person_once_in_use(edited: Path) -> None:
    warehouse = edited / "warehouse" / "build.duckdb"
    decided = rows(
        warehouse,
        "select scenario_id, outcome, channel from activation.decisions inner join hub_private.profile_contacts "
        "using (profile_id) where profile_contacts.email = scenario_id || '@example.com' order by scenario_id",
    )
    assert decided == [(scenario, "selected", "email") for scenario in sorted(LIFECYCLE)]
    published = edited / "published" / "activation.duckdb"
    with (PROJECT / "seeds" / "config" / "content_blocks.csv").open(encoding="utf-8", newline="") as handle:
        texts = {
            (row["scenario_id"], row["text_key"], row["language_code"]): row["content_text"]
            for row in csv.DictReader(handle)
            if row["step"] == "*"
        }
    for scenario in LIFECYCLE:
        told = rows(published, f"select content from audiences.aud_{scenario} where email = '{scenario}@example.com'")
        ((content,),) = told
        said = json.loads(str(content))
        assert {"objective", "lever", "cta", "headline", "body"} <= set(said)
        # in Dutch, which the person reads
        assert said["body"] == texts[scenario, "body", "nl"] != texts[scenario, "body", "*"]
        (file,) = (edited / "exports" / f"{scenario}_email").rglob("*__full.csv")
        assert f"{scenario}@example.com" in file.read_text(encoding="utf-8")
    explainer = Explainer.open(warehouse)
    try:
        told_by_scenario = "\n".join(explainer.waterfalls(None, None))
    finally:
        explainer.connection.close()
    assert {scenario for scenario in LIFECYCLE if f"({scenario})" not in told_by_scenario} == set()


def test_a_new_scenario_of_rows_alone_decides_publishes_and_exports(edited: Path) -> None:
    warehouse = edited / "warehouse" / "build.duckdb"
    ((decision, offer),) = rows(
        warehouse,
        "select decision_id, offer_type from activation.decisions where scenario_id = 'happy' and outcome = 'selected'",
    )
    published = edited / "published" / "activation.duckdb"
    ((found, content),) = rows(published, "select decision_id, content from audiences.aud_happy")
    assert found == decision
    assert json.loads(str(content)) == {
        "objective": "retain",
        "lever": offer or "relation",
        "cta": "come_back",
        "headline": 'Hello, "happy"',
        "order_id": "rita_2024-06",
        **({"offer_amount": 2.0} if offer else {}),
    }
    (file,) = (edited / "exports" / "happy_email").rglob("*__full.csv")
    with file.open(encoding="utf-8", newline="") as handle:
        (sent,) = csv.DictReader(handle)
    assert sent["Headline"] == 'Hello, "happy"'
