"""Why somebody gets, or does not get, each message; and the same in counts for a scenario. Reads the warehouse only.

What is said stands in the seed `sentences`, not here: the summary of a run, which is SQL and Jinja, says the same, a
retailer may change or translate it, and a new scenario brings its own reason with a row.
Contact details are never read: everything here is keyed by the pseudonymous profile id.
"""

import datetime
import json
import math
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import has_table, open_warehouse
from rekindle.tell.asking import Row, denies_profiling, rows_of
from rekindle.tell.habits_in_words import appetencies_in_words, habit_in_words, traits_in_words
from rekindle.tell.silence_in_words import lookalike_in_words, silence_in_words
from rekindle.tell.standing_in_words import learned_from_in_words, segment_in_words
from rekindle.tell.tastes import tastes_of

CHANNELS = {"email": "e-mail", "sms": "text message", "phone": "call", "post": "letter", "push": "app", "ads": "ads"}
# what a channel may lack, in the order of the gates, while the run that decided is the newest
_CHANNEL_TROUBLES = {
    "is_worth_its_cost": "costs more than the offer is worth",
    "is_reachable": "no address that works",
    "is_consented": "no consent",
    "is_not_suppressed": "unsubscribed, complained or suppressed",
    "is_under_cap": "at its cap",
}
# what a spend cluster says of somebody
_CLUSTERS = {
    "high": "spends much",
    "medium": "spends a middling amount",
    "low": "spends little",
    "new": "is a new customer",
    "inactive": "has stopped buying",
}
_NO_PROBABILITY = {
    "profiling_denied": "; no probabilities: denied profiling",
    "of_archive_only": "; no probabilities: bought last when the orders of some customers only were kept",
    "not_learned_for_91_days": ", for 91 days: nothing could be learned yet",
}
# what two contact records share, and what follows from it
_SIDES = ("elder", "younger")
_SHARED = {
    "is_by_link": "an identity link",
    "is_by_loyalty_card": "a loyalty card",
    "is_by_email": "an e-mail",
    "is_by_phone": "a phone",
}
_VERDICTS = {
    "one_person": "one person",
    "different_people": "two people, says an identity link",
    "phone_of_several_people": "no reason to be one person",
}


@dataclass(frozen=True)
class Explainer:
    """The decisions of one warehouse in words."""

    connection: duckdb.DuckDBPyConnection
    sentences: Mapping[tuple[str, str], tuple[str | None, str | None]]
    scenarios: Mapping[str, Row]
    segments: Mapping[str, str]
    newest: datetime.date

    @classmethod
    def open(cls, warehouse: Path) -> "Explainer":
        """Opens a warehouse read-only; RekindleError when it holds no decisions yet."""
        build = f"decide something first with `{paths.command('run')}`."
        if not warehouse.exists():
            raise RekindleError(f"There is no warehouse at {warehouse}, so there is nothing to explain: {build}")
        connection = open_warehouse(warehouse, read_only=True)
        explainer = cls.of(connection)
        if explainer is None:
            connection.close()
            raise RekindleError(f"{warehouse} holds no decisions, so there is nothing to explain: {build}")
        return explainer

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> "Explainer | None":
        """Explains the warehouse that a connection uses; None when it holds no decisions yet."""
        needed = (("activation", "decisions"), ("activation", "dim_scenarios"), ("config", "sentences"))
        found = all(has_table(connection, *table) for table in needed)
        newest = connection.execute("select max(as_of_date) from activation.decisions").fetchone() if found else None
        if newest is None or newest[0] is None:
            return None
        explainer = cls(connection, {}, {}, {}, newest[0])
        sentences = {
            (row["subject"], row["code"]): (row["counted"], row["sentence"])
            for row in explainer._rows("select * from config.sentences")
        }
        scenarios = {
            row["scenario_id"]: row
            for row in explainer._rows("select * from activation.dim_scenarios order by priority, scenario_id")
        }
        segments = {}
        if has_table(connection, "config", "segments"):
            found_names = explainer._rows("select segment, segment_name from config.segments")
            segments = {row["segment"]: row["segment_name"] for row in found_names}
        return cls(connection, sentences, scenarios, segments, newest[0])

    def waterfalls(self, scenario: str | None, as_of: datetime.date | None) -> Iterator[str]:
        """Lines: per scenario how many steps were due, how many each gate stopped, how many go out."""
        date = as_of or self.newest
        chosen = self._chosen(scenario)
        counts = self._rows(
            "select scenario_id, coalesce(closed_gate, 'selected') as subject, outcome, count(*) as steps "
            "from activation.decisions where as_of_date = ? group by all",
            [date],
        )
        if not any(row["scenario_id"] in chosen for row in counts):
            raise RekindleError(
                f"No step of {scenario or 'any scenario'} was due as of {date}: the newest date with decisions is "
                f"{self.newest}; name another with --as-of."
            )
        # the seed says gates in the order in which they are asked; more sentences of one stand anywhere
        subjects = dict.fromkeys(subject for subject, _ in self.sentences)
        order = {subject: place for place, subject in enumerate(subjects)}
        for scenario_id in chosen:
            own = [row for row in counts if row["scenario_id"] == scenario_id]
            yield f"{self.scenarios[scenario_id]['scenario_name']} ({scenario_id}), as of {date}"
            yield f"  {self._counted('due'):<20} {sum(row['steps'] for row in own):>9,}"
            kind = str(self.scenarios[scenario_id].get("kind"))
            for subject in sorted({row["subject"] for row in own}, key=lambda subject: order.get(subject, len(order))):
                stopped = {row["outcome"]: row["steps"] for row in own if row["subject"] == subject}
                again = [f"{steps:,} {outcome}" for outcome, steps in sorted(stopped.items()) if outcome in _AGAIN]
                line = f"  {self._counted(subject, kind):<20} {sum(stopped.values()):>9,}   {', '.join(again)}"
                yield line.rstrip()
            yield ""

    def person(self, profile_id: str, scenario: str | None, as_of: datetime.date | None) -> Iterator[str]:
        """Lines: per date and scenario every step that was due for the person, and what became of it."""
        now, ids = self._identities(profile_id)
        chosen = self._chosen(scenario)
        yield f"Profile {now}" + (f" (asked as {profile_id}, which was merged into it)" if now != profile_id else "")
        yield from self._standing(now)
        for _, told in edges_in_words(self.connection, now):
            yield f"  {told}"
        yield from (f"  {told}" for told in segment_in_words(self.connection, now, self._sentence))
        yield from self._worth(now)
        yield from self._value(now)
        yield from self._silence(now)
        yield from self._likeness(now)
        yield from (f"  {self._sentence(*said)}" for said in tastes_of(self.connection, now, self.newest))
        yield from self._habits(now)
        decisions = [row for row in self.decisions(ids, as_of) if row["scenario_id"] in chosen]
        of_today = self.of_newest_run(now)
        date = None
        for row in decisions:
            if row["as_of_date"] != date:
                date = row["as_of_date"]
                yield ""
                yield f"As of {date}"
            yield from self.told(row, of_today.get(row["decision_id"]), now)
        silent = [name for name in chosen if name not in {row["scenario_id"] for row in decisions}]
        if silent:
            yield ""
            yield "No step was due " + (f"as of {as_of}:" if as_of else "on any date that is kept:")
            of_reasons: dict[str, list[str]] = {}
            for name in silent:
                named = of_reasons.setdefault(self._why_nothing_was_due(name, now, as_of), [])
                named.append(str(self.scenarios[name]["scenario_name"]))
            for reason, names in of_reasons.items():
                yield f"  {'each scenario' if 1 < len(names) == len(chosen) else ', '.join(names)}: {reason}"

    def _standing(self, profile_id: str) -> Iterator[str]:
        """A line about whoever asked to be forgotten, or is written to nowhere because she said no everywhere."""
        if has_table(self.connection, "hub", "dim_profiles") and self._rows(
            "select 1 from hub.dim_profiles where profile_id = ? and has_erasure_request", [profile_id]
        ):
            yield f"  {self._sentence('standing', 'asked_to_be_forgotten', {})}"
        elif has_table(self.connection, "hub", "channel_permissions") and self._rows(
            "select 1 from hub.channel_permissions where profile_id = ? and purpose = 'marketing' "
            "having bool_and(closed_by is not null)",
            [profile_id],
        ):
            yield f"  {self._sentence('standing', 'said_no_everywhere', {})}"

    def _worth(self, profile_id: str) -> Iterator[str]:
        """A line: what the person is expected to buy, or why nobody knows; none of who has not bought."""
        if not has_table(self.connection, "segments", "expected_values"):
            return
        if self._denies(profile_id):
            yield f"  {self._sentence('expected_value', 'profiling_denied', {})}"
            return
        for row in self._rows(
            "select coalesce(no_value_reason, '*') as code, round(expected_purchases, 1) as expected_purchases, "
            "expected_value_amount, decile, last_day(segment_month) as month_end_date, "
            "strftime(fitted_month, '%Y-%m') as fitted_month "
            "from segments.expected_values where profile_id = ?",
            [profile_id],
        ):
            yield f"  {self._sentence('expected_value', row['code'], row)}"

    def _denies(self, profile_id: str) -> bool:
        """Tables of the last whole run may still foretell what she has refused since."""
        return denies_profiling(self.connection, profile_id)

    def _value(self, profile_id: str) -> Iterator[str]:
        if not has_table(self.connection, "segments", "value_current"):
            return
        for row in self._rows("select * from segments.value_current where profile_id = ?", [profile_id]):
            yield f"  at the end of {row['segment_month']:%Y-%m}: {value_in_words(row)}"
        yield from (f"  {told}" for told in learned_from_in_words(self.connection, profile_id, self._sentence))

    def _silence(self, profile_id: str) -> Iterator[str]:
        if not has_table(self.connection, "segments", "silence_published"):
            return
        recorded_from = "null::date"  # a warehouse of before does not say
        if has_table(self.connection, "segments", "observed_sources"):
            recorded_from = "(select min(observed_from_date) from segments.observed_sources where is_from_person)"
        silent = self._rows(
            f"select silence.*, profiles.created_date, {recorded_from} as recorded_from_date "
            "from segments.silence_current as silence "
            "left join core.profiles as profiles on silence.profile_id = profiles.profile_id "
            "where silence.profile_id = ?",
            [profile_id],
        )
        for row in silent:
            for told in silence_in_words(row, self._sentence):
                yield f"  at the end of {row['segment_month']:%Y-%m}: {told}"
        if not silent:
            for row in self._rows(
                "select hub.last_contact_from_person_at::date as last_contact_date, profiles.created_date "
                "from hub.dim_profiles as hub left join core.profiles as profiles using (profile_id) "
                "where hub.profile_id = ?",
                [profile_id],
            ):
                yield f"  {self._sentence('silence', 'unseen' if row['last_contact_date'] is None else 'none', row)}"

    def _likeness(self, profile_id: str) -> Iterator[str]:
        if has_table(self.connection, "segments", "lookalike_scores") and not self._denies(profile_id):
            for row in self._rows("select * from segments.lookalike_scores where profile_id = ?", [profile_id]):
                yield f"  at the end of {row['segment_month']:%Y-%m}: {lookalike_in_words(row, self._sentence)}"

    def _habits(self, profile_id: str) -> Iterator[str]:
        if not has_table(self.connection, "segments", "traits_published"):
            return

        def of(table: str, order: str = "profile_id") -> list[Row]:
            return self._rows(f"from segments.{table} where profile_id = ? order by {order}", [profile_id])

        for row in of("traits_current"):
            yield f"  {traits_in_words(row, self._sentence)}"
        if self._denies(profile_id):
            yield f"  {self._sentence('habit', 'profiling_denied', {})}"
            yield f"  {self._sentence('appetency', 'profiling_denied', {})}"
            return
        for row in self._rows(
            "select habits.*, profiles.overdue_from_date "
            "from segments.profile_habits as habits left join hub.dim_profiles as profiles using (profile_id) "
            "where profile_id = ?",
            [profile_id],
        ):
            yield from (f"  {told}" for told in habit_in_words(row, self._sentence, self.newest))
        for row in of("profile_appetencies"):
            channels = of("channel_appetencies", "channel")
            yield from (f"  {told}" for told in appetencies_in_words(row, channels, self._sentence))

    def decisions(self, ids: Sequence[str], as_of: datetime.date | None = None) -> list[Row]:
        """Every step that was due for a person under these ids, with why its journey began; the oldest first."""
        marks = ", ".join("?" * len(ids))
        return self._rows(
            "select decisions.*, entries.reason_code, entries.reason_parameters, entries.entered_date "
            "from activation.decisions as decisions left join activation.scenario_entries as entries "
            "using (scenario_id, profile_id, entry_key) "
            f"where decisions.profile_id in ({marks}) and (?::date is null or decisions.as_of_date = ?) "
            "order by decisions.as_of_date, decisions.scenario_id, decisions.entry_key, decisions.step",
            [*ids, as_of, as_of],
        )

    def told(self, row: Row, reason: Row | None, profile_id: str) -> Iterator[str]:
        """Lines: what became of a step, and why; `reason`: the step as the newest run saw it, if it did."""
        scenario = self.scenarios.get(row["scenario_id"], {})
        code = row["reason_code"] or (reason or {}).get("reason_code")
        why = (row["reason_parameters"] if row["reason_code"] else (reason or {}).get("reason_parameters")) or "{}"
        yield f"  {scenario.get('scenario_name', row['scenario_id'])}, {row['step']} (entry {row['entry_key']})"
        if code:
            yield f"    why      {self._reason(code, json.loads(why, parse_float=_as_money), profile_id)}"
        if row["outcome"] == "selected":
            yield self._selected(row, scenario)
        else:
            again = f"; {self._sentence(row['outcome'], '*', row)}" if row["outcome"] in _AGAIN else ""
            told = self._sentence(
                row["closed_gate"], row["evidence"] or "*", row | {"channels": self._listed(scenario)}
            )
            yield f"    {_NOT.get(str(scenario.get('kind')), 'not sent')} {told} (gate {row['closed_gate']}){again}"
        if reason is not None:
            for told in self._channels(row, profile_id):
                yield f"    channel  {told}"
        # who is put on a list for its own sake has no journey, and is compared with nobody
        if row["entered_date"] is not None and scenario.get("kind") != "hygiene":
            arm = _ARMS.get(row["arm"], "held out: gets nothing, to compare with")
            if row["arm"] == "treated" and scenario.get("kind") in _NOT:
                arm = "treated: is put on the list"
            yield f"    arm      entered on {row['entered_date']}, {arm}"

    def told_in_part(self, row: Row) -> Iterator[str]:
        """Lines about a step of which only what was decided is told, not why: that may be about somebody else."""
        scenario = self.scenarios.get(row["scenario_id"], {})
        yield f"  {scenario.get('scenario_name', row['scenario_id'])}, {row['step']}"
        if row["outcome"] == "selected":
            yield self._selected(row, scenario, has_offer_told=False)
        else:
            yield f"    {_NOT.get(str(scenario.get('kind')), 'not sent')} {self._sentence('left_out', '*', row)}"

    def _selected(self, row: Row, scenario: Row, *, has_offer_told: bool = True) -> str:
        """The line of a step that no gate stopped: a message that is sent, or a list that takes the person in."""
        kind = str(scenario.get("kind"))
        variant = f", variant {row['variant']}" if row["variant"] else ""
        if kind in _NOT:
            return f"    listed   {self._sentence('selected', kind, row)}{variant}"
        offer = f", offer {row['offer_id']} ({row['offer_type']})" if row.get("offer_id") else ", without an offer"
        return f"    sent     {self._sentence('selected', '*', row)}{variant}{offer if has_offer_told else ''}"

    def _channels(self, row: Row, profile_id: str) -> Iterator[str]:
        found = self._rows(
            "select * from activation.due_step_channels where scenario_id = ? and profile_id = ? and entry_key = ? "
            "and step = ? order by place_in_scenario",
            [row["scenario_id"], profile_id, row["entry_key"], row["step"]],
        )
        for channel in found:
            lacks = next((said for column, said in _CHANNEL_TROUBLES.items() if not channel.get(column, True)), None)
            yield f"{CHANNELS[channel['channel']]}: {lacks or 'could be used'}"

    def of_newest_run(self, profile_id: str) -> dict[str, Row]:
        """Decisions as the newest run made them: only these still know their reasons and channels."""
        if not has_table(self.connection, "activation", "gated_steps"):
            return {}
        found = self._rows("select * from activation.gated_steps where profile_id = ?", [profile_id])
        return {row["decision_id"]: row for row in found}

    def _why_nothing_was_due(self, scenario_id: str, profile_id: str, as_of: datetime.date | None) -> str:
        scenario = self.scenarios[scenario_id]
        if not scenario["is_enabled"]:
            return "it is switched off"
        if scenario.get("missing_data"):
            return self._sentence("untriggered", "not_ready", scenario)
        if as_of not in (None, self.newest):
            return "why is known of the newest date only, its triggers are not kept"
        journeys = has_table(self.connection, "activation", "journeys")
        if journeys and self._rows(
            "select 1 from activation.journeys where scenario_id = ? and profile_id = ?", [scenario_id, profile_id]
        ):
            waiting = self._cooling_down(scenario, profile_id)
            if waiting is not None:
                return self._sentence("untriggered", "cooling_down", scenario | waiting)
            return "triggered, and no step of the journey is due that was not decided before"
        return self._sentence("untriggered", scenario_id, scenario)

    def _cooling_down(self, scenario: Row, profile_id: str) -> Row | None:
        """Until when a person waits to enter again; None where she does not."""
        if not has_table(self.connection, "activation", "entry_cooldowns"):
            return None
        found = self._rows(
            "select until_date from activation.entry_cooldowns inner join activation.journeys "
            "using (scenario_id, profile_id) where scenario_id = ? and profile_id = ? and not journeys.is_entered",
            [scenario["scenario_id"], profile_id],
        )
        return next((row for row in found if row["until_date"] > self.newest), None)

    def _identities(self, profile_id: str) -> tuple[str, list[str]]:
        """The profile of today and every id that the person ever had."""
        merges = self._rows(
            "select old_profile_id, new_profile_id from identity.profile_merges "
            "where old_profile_id = ? or new_profile_id in "
            "(select ? union all select new_profile_id from identity.profile_merges where old_profile_id = ?)",
            [profile_id, profile_id, profile_id],
        )
        now = next((row["new_profile_id"] for row in merges if row["old_profile_id"] == profile_id), profile_id)
        ids = sorted({now, profile_id, *(row["old_profile_id"] for row in merges)})
        if not merges and not self._rows(
            "select profile_id from core.profiles where profile_id = ? "
            "union all select profile_id from activation.decisions where profile_id = ?",
            [profile_id, profile_id],
        ):
            # what was typed is not repeated: it may be an e-mail address
            raise RekindleError(
                "There is no such profile in this warehouse: name a profile_id of hub.dim_profiles, sixteen hex digits."
            )
        return now, ids

    def _chosen(self, scenario: str | None) -> list[str]:
        if scenario is not None and scenario not in self.scenarios:
            raise RekindleError(f"There is no scenario '{scenario}': use one of {', '.join(self.scenarios)}.")
        return [scenario] if scenario is not None else list(self.scenarios)

    def _listed(self, scenario: Row) -> str:
        words = (scenario.get("channels") or "").split(">")
        return " or ".join(CHANNELS.get(word, word) for word in words if word) or "no channel"

    def _counted(self, subject: str, kind: str = "*") -> str:
        known = self.sentences.get((subject, kind)) or self.sentences.get((subject, "*"))
        return (known and known[0]) or subject

    def _reason(self, code: str, parameters: Row, profile_id: str) -> str:
        if (code, "profiling_denied") in self.sentences and self._denies(profile_id):
            # an entry of before she said no keeps what was foretold then
            return self._sentence(code, "profiling_denied", {})
        return self._sentence(code, "*", parameters)

    def _sentence(self, subject: str, code: str, values: Row) -> str:
        """The sentence of the seed with its values; a code that the seed does not have is shown as it is."""
        known = self.sentences.get((subject, code)) or self.sentences.get((subject, "*"))
        if known is None or known[1] is None:
            details = [
                f"{name.replace('_', ' ')}: {self._in_words(name, value)}"
                for name, value in values.items()
                if value is not None
            ]
            return ", ".join([subject.replace("_", " "), *(details if len(details) < 8 else [])])
        scenario = self.scenarios.get(values.get("scenario_id", ""), {})
        shown = {**scenario, **values}
        sentence = known[1]
        if any(shown.get(name) is None for name in _names_in(sentence)):
            sentence = (self.sentences.get((subject, "unknown")) or known)[1] or sentence
        return sentence.format_map({name: self._in_words(name, shown.get(name)) for name in _names_in(sentence)})

    def _in_words(self, name: str, value: Any) -> str:
        """A value of a sentence as people say it: what nobody knows, and codes, have words of their own."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "unknown"
        if name in _SEGMENTS:
            return self.segments.get(value, str(value).replace("_", " "))
        if name == "channel":
            return CHANNELS.get(value, str(value).replace("_", " "))
        if name in _CODES and (word := self.sentences.get(("word", value))) is not None:
            return str(word[1])
        return str(value) if name in _IDENTIFIERS else str(value).replace("_", " ")

    def _rows(self, question: str, parameters: list[Any] | None = None) -> list[Row]:
        return rows_of(self.connection, question, parameters)


def value_in_words(row: Row) -> str:
    """A month of a customer's value: the cluster, the one before, what was spent, how likely nothing more comes."""
    cluster = _CLUSTERS.get(row["spend_cluster"], "is in no spend cluster yet")
    before = f" (before: {row['previous_cluster']})" if row["previous_cluster"] else ""
    spent = f", {row['spend_amount']} spent" if row["spend_amount"] is not None else ""
    silent = [
        f"for {days} days: {probability:.0%}"
        for days in (28, 91)
        if (probability := row[f"silent_{days}_probability"]) is not None
    ]
    likely = f"; likely to buy nothing {', '.join(silent)}" if silent else ""
    return f"{cluster}{before}{spent}{likely}{_NO_PROBABILITY.get(row.get('no_probability_reason') or '', '')}"


def edges_in_words(connection: duckdb.DuckDBPyConnection, profile_id: str) -> Iterator[tuple[Row, str]]:
    """What joins the contact records of a person, each with its sentence, never a value; and which of it is weakest."""
    known = "select 1 from duckdb_views() where schema_name = 'quality' and view_name = 'identity_edges'"
    if not connection.execute(known).fetchall():
        return
    edges = rows_of(
        connection,
        "select * from quality.identity_edges where profile_id = ? or younger_profile_id = ? "
        "order by verdict desc, strength desc, elder, younger",
        [profile_id, profile_id],
    )
    joining = [edge for edge in edges if edge["verdict"] == "one_person"]
    for edge in edges:
        records = " and ".join(f"{edge[f'{side}_source_system']}:{edge[f'{side}_contact_id']}" for side in _SIDES)
        shared = " and ".join(said for column, said in _SHARED.items() if edge[column])
        told = _VERDICTS[edge["verdict"]]
        if edge["is_weakest"]:
            others = [(each["elder"], each["younger"]) for each in joining if each is not edge]
            is_needed = not _are_joined(edge["elder"], edge["younger"], others)
            told += "; the weakest of what joins them" + (", without it they would be two" if is_needed else "")
        yield edge, f"{records} share {shared}: {told}"


def _are_joined(one: int, other: int, edges: list[tuple[int, int]]) -> bool:
    """Whether a chain of edges leads from one record to the other."""
    reached, before = {one}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {record for edge in edges if reached & set(edge) for record in edge}
    return other in reached


def _as_money(number: str) -> str:
    """The only numbers with decimals in a reason are amounts."""
    return f"{Decimal(number):.2f}"


def _names_in(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name]


_AGAIN = ("deferred", "expired")
# values of sentences that are segments, that are codes with a sentence as a word, and that stay as they are
_SEGMENTS = ("from_segment", "to_segment", "rfm_segment")
_CODES = ("subject", "engagement_tier", "evidence")
_IDENTIFIERS = ("template", "missing_data", "usual_store_id")
# kinds of scenario that write to nobody, and what is said of who is not on their list
_NOT = {"media": "not listed", "hygiene": "not listed"}
_ARMS = {"treated": "treated: is written to", "as_before": "as before: gets what there was before, to compare with"}
