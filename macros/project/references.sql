{#
  The foreign keys of published tables: what `column` of `model` holds exists in the key of another table, or is null where there is
  nothing to refer to (a message without a campaign). They are tested together, but for those that are told only, and told by the table
  `_keys` of the published file.

  Not among them: people in what is kept as it was said (rfm_published, segment_moves, scenario_decisions, …). These name whoever has
  since become one person with somebody else.
#}
{% macro references() %}
    {{ return({
        'profiles.profile_id': [
            'fct_benefits.profile_id', 'fct_carts.profile_id', 'fct_consents.profile_id', 'fct_contracts.profile_id',
            'fct_coupons.profile_id', 'fct_interactions.profile_id', 'fct_loyalty_movements.profile_id',
            'fct_messages.profile_id', 'fct_offer_redemptions.profile_id', 'fct_order_lines.profile_id',
            'fct_orders.profile_id', 'fct_service_events.profile_id', 'fct_web_events.profile_id',
            'profile_days.profile_id', 'dim_profiles.profile_id', 'coupons_available.profile_id', 'matching_offers.profile_id',
            'channel_appetencies.profile_id', 'profile_appetencies.profile_id', 'profile_habits.profile_id',
            'expected_values.profile_id', 'recommendations.profile_id', 'replenishments.profile_id',
            'lookalike_scores.profile_id',
        ],
        'fct_orders.order_id': [
            'fct_benefits.order_id', 'fct_carts.order_id', 'fct_loyalty_movements.order_id',
            'fct_offer_redemptions.order_id', 'fct_order_lines.order_id', 'fct_service_events.order_id',
            'fct_coupons.first_redemption_order_id',
        ],
        'dim_stores.store_id': [
            'fct_orders.store_id', 'dim_profiles.preferred_store_id', 'profile_appetencies.usual_store_id',
        ],
        'dim_products.product_id': [
            'fct_order_lines.product_id', 'fct_web_events.product_id', 'replenishments.product_id',
        ],
        'dim_campaigns.campaign_id': [
            'fct_messages.campaign_id', 'fct_message_totals.campaign_id', 'fct_web_events.campaign_id',
            'dim_offers.campaign_id', 'coupons_available.campaign_id', 'fct_media_results.campaign_id',
            'reactivation_summary.campaign_id',
        ],
        'dim_offers.offer_id': [
            'fct_coupons.offer_id', 'fct_offer_redemptions.offer_id', 'coupons_available.offer_id',
            'matching_offers.offer_id',
        ],
        'fct_coupons.assignment_id': ['fct_offer_redemptions.assignment_id', 'coupons_available.assignment_id'],
        'dim_segments.segment': [
            'rfm_monthly.segment', 'rfm_published.segment', 'segment_moves.from_segment', 'segment_moves.to_segment',
            'segment_transitions.to_segment', 'dim_profiles.rfm_segment',
        ],
        'dim_gates.closed_gate': ['decision_waterfall.closed_gate', 'scenario_decisions.closed_gate'],
        'dim_scenarios.scenario_id': [
            'dim_campaigns.scenario_id', 'decision_waterfall.scenario_id', 'scenario_decisions.scenario_id',
            'scenario_performance.scenario_id', 'scenario_potential.scenario_id', 'enrichment_summary.scenario_id',
            'reactivation_summary.scenario_id', 'experiment_assignments.scenario_id', 'experiment_health.scenario_id',
            'experiment_results.scenario_id', 'experiment_statistics.scenario_id', 'cluster_returns.scenario_id',
            'verdicts_published.scenario_id', 'scenario_totals.scenario_id',
        ],
        'dim_dates.calendar_date': [
            'fct_orders.order_date', 'fct_order_lines.order_date', 'profile_days.order_date', 'fct_messages.sent_date',
            'fct_interactions.occurred_date', 'fct_loyalty_movements.occurred_date', 'fct_benefits.occurred_date',
            'fct_service_events.occurred_date', 'fct_web_events.occurred_date', 'fct_carts.updated_date',
            'fct_coupons.assigned_date', 'fct_offer_redemptions.redeemed_date', 'fct_message_totals.event_date',
            'fct_media_results.result_date',
        ],
    }) }}
{% endmacro %}

{#
  References that stop no build; a reader joins them from the left. A message may name a campaign, a visit a product, that the retailer
  has in no list; what was decided and measured may name a scenario that there is no more. A key stands for all that refer to it.
#}
{% macro told_only() %}
    {{ return([
        'dim_scenarios.scenario_id',
        'fct_benefits.order_id', 'fct_carts.order_id', 'fct_loyalty_movements.order_id',
        'fct_offer_redemptions.order_id', 'fct_service_events.order_id', 'fct_coupons.first_redemption_order_id',
        'fct_web_events.product_id', 'dim_profiles.preferred_store_id', 'fct_messages.campaign_id',
        'fct_message_totals.campaign_id', 'fct_web_events.campaign_id', 'dim_offers.campaign_id',
        'coupons_available.campaign_id',
    ]) }}
{% endmacro %}
