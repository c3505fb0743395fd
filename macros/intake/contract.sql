{#
  What intake needs to know of the input contract while it compiles: per entity the columns that name one row, and all
  columns in order, `!` = never null, `?` = a text that may be missing, and is when it is empty. Names, types and the meaning of
  each column: models/input/_input__models.yml; dbt cannot read a yml while it compiles a unit test, hence this second list.
  tests/python/test_contract.py keeps both equal.
  private_key: a key column that may hold personal data (a preferred e-mail address); rejects keep its md5 only.
  person_key: how a row reaches a person: `contact` (its source_system and contact_id, linked_… too where there are any), the
  entity whose row it belongs to, or `none`. outlives_person: the row of an erased person stays, and so does what belongs to
  it; it loses the contact only. else_blank: closed lists of columns of which null means something: another value is set
  aside and the row stays, since a message or an offer that is lost takes what hangs on it along. careful: of copies of a key that
  were extracted at one instant the one is kept that is named first. The macros of erased_contacts.sql
  and scripts/rekindle/ground/contract.py follow person_key.
#}
{% macro contract_entities() %}
    {{ return({
        'contacts': {
            'key': ['source_system', 'contact_id'],
            'person_key': 'contact',
            'columns': 'source_system! contact_id! silo! email? phone? email_verified_at phone_verified_at '
                ~ 'first_name? last_name? birth_date language_code? country_code? postal_code? city? '
                ~ 'street_address? loyalty_card_id? preferred_store_id? time_zone? created_at! created_date! '
                ~ 'updated_at extracted_at!',
        },
        'identity_links': {
            'key': ['source_system', 'contact_id', 'linked_source_system', 'linked_contact_id'],
            'person_key': 'contact',
            'columns': 'source_system! contact_id! linked_source_system! linked_contact_id! link_type? evidence? '
                ~ 'linked_at! extracted_at!',
        },
        'contact_preferences': {
            'key': ['source_system', 'contact_id', 'preference_type', 'preference_value', 'declared_at'],
            'person_key': 'contact',
            'private_key': ['preference_value'],
            'columns': 'source_system! contact_id! preference_type! preference_value! declared_at! extracted_at!',
        },
        'consents': {
            'key': ['source_system', 'contact_id', 'channel', 'purpose', 'status', 'changed_at'],
            'person_key': 'contact',
            'columns': 'source_system! contact_id! channel! purpose! status! address? changed_at! '
                ~ 'evidence_reference? double_opt_in_confirmed_at extracted_at!',
        },
        'stores': {
            'key': ['store_id'],
            'person_key': 'none',
            'columns': 'source_system! store_id! store_name? store_type! region? opened_date extracted_at!',
        },
        'products': {
            'key': ['product_id'],
            'person_key': 'none',
            'columns': 'source_system! product_id! product_name? brand? department? category? collection? '
                ~ 'package_size? days_of_supply margin_share extracted_at!',
        },
        'product_availability': {
            'key': ['product_id', 'changed_at'],
            'person_key': 'none',
            'columns': 'source_system! product_id! is_available! changed_at! extracted_at!',
        },
        'orders': {
            'key': ['order_id'],
            'person_key': 'contact',
            'outlives_person': true,
            'careful': {'order_status': ['cancelled', 'returned', 'completed']},
            'columns': 'source_system! order_id! contact_id? store_id? sales_channel! ordered_at! order_date! '
                ~ 'delivered_at order_status! original_order_id? currency_code! extracted_at!',
        },
        'order_lines': {
            'key': ['order_id', 'line_number'],
            'person_key': 'orders',
            'columns': 'source_system! order_id! line_number! product_id! quantity! gross_amount! '
                ~ 'discount_amount! offer_discount_amount! net_amount! margin_amount extracted_at!',
        },
        'campaigns': {
            'key': ['campaign_id', 'route'],
            'person_key': 'none',
            'columns': 'source_system! campaign_id! route! campaign_name? campaign_type? scenario_id? start_date! '
                ~ 'end_date cost_amount is_acquisition_baseline! extracted_at!',
        },
        'media_results': {
            'key': ['campaign_id', 'route', 'result_date'],
            'person_key': 'none',
            'columns': 'source_system! campaign_id! route! result_date! audience_run_id? uploaded matched rejected '
                ~ 'reject_reasons? reached impressions clicks leads cost_amount extracted_at!',
        },
        'offers': {
            'key': ['offer_id'],
            'person_key': 'none',
            'else_blank': {'funded_by': ['retailer', 'manufacturer']},
            'columns': 'source_system! offer_id! offer_type! offer_name? campaign_id? face_value_amount '
                ~ 'funded_by? valid_from! valid_to extracted_at!',
        },
        'offer_products': {
            'key': ['offer_id', 'product_id'],
            'person_key': 'none',
            'columns': 'source_system! offer_id! product_id! extracted_at!',
        },
        'offer_assignments': {
            'key': ['assignment_id'],
            'person_key': 'contact',
            'columns': 'source_system! assignment_id! offer_id! contact_id! decision_id? assigned_at! '
                ~ 'assigned_date! channel? expires_at extracted_at!',
        },
        'offer_redemptions': {
            'key': ['redemption_id'],
            'person_key': 'contact',
            'columns': 'source_system! redemption_id! offer_id! contact_id! redeemed_at! redeemed_date! order_id? '
                ~ 'assignment_id? redeemed_amount extracted_at!',
        },
        'messages': {
            'key': ['message_id'],
            'person_key': 'contact',
            'else_blank': {'message_kind': ['marketing', 'transactional', 'service']},
            'columns': 'source_system! message_id! contact_id! channel! campaign_id? decision_id? variant? message_kind? '
                ~ 'sent_at! sent_date! cost_amount extracted_at!',
        },
        'message_events': {
            'key': ['message_id', 'event_type', 'occurred_at', 'link_tag'],
            'person_key': 'messages',
            'columns': 'source_system! message_id! event_type! occurred_at! occurred_date! link_tag! '
                ~ 'is_machine extracted_at!',
        },
        'message_totals': {
            'key': ['campaign_id', 'event_date', 'event_type'],
            'person_key': 'none',
            'columns': 'source_system! campaign_id! event_date! event_type! event_count! extracted_at!',
        },
        'web_events': {
            'key': ['event_id'],
            'person_key': 'contact',
            'columns': 'source_system! event_id! contact_id! event_type! platform! product_id? category? form_type? '
                ~ 'campaign_id? route? occurred_at! occurred_date! extracted_at!',
        },
        'carts': {
            'key': ['cart_id'],
            'person_key': 'contact',
            'columns': 'source_system! cart_id! contact_id! created_at! updated_at! updated_date! order_id? items? '
                ~ 'item_count cart_amount extracted_at!',
        },
        'loyalty_movements': {
            'key': ['movement_id'],
            'person_key': 'contact',
            'columns': 'source_system! movement_id! contact_id! movement_type! points amount occurred_at! '
                ~ 'occurred_date! order_id? extracted_at!',
        },
        'service_events': {
            'key': ['event_id'],
            'person_key': 'contact',
            'columns': 'source_system! event_id! contact_id! event_type! rating occurred_at! occurred_date! '
                ~ 'is_resolved order_id? extracted_at!',
        },
        'contracts': {
            'key': ['contract_id'],
            'person_key': 'contact',
            'columns': 'source_system! contract_id! contact_id! contract_type! start_date! end_date '
                ~ 'extracted_at!',
        },
        'erasure_requests': {
            'key': ['source_system', 'contact_id', 'requested_at'],
            'person_key': 'contact',
            'columns': 'source_system! contact_id! requested_at! extracted_at!',
        },
    }) }}
{% endmacro %}


{# The same for one entity, the columns as lists. #}
{% macro contract(entity) %}
    {%- set about = contract_entities()[entity] -%}
    {%- set columns, required, texts = [], [], [] -%}
    {%- for column in about['columns'].split() -%}
        {%- set name = column.rstrip('!?') -%}
        {%- do columns.append(name) -%}
        {%- if column.endswith('!') -%}{%- do required.append(name) -%}{%- endif -%}
        {# whose row it is, is asked of every row: an empty answer is none as well -#}
        {%- set is_about_whom = about['person_key'] == 'contact' and name.endswith(('source_system', 'contact_id')) -%}
        {%- if column.endswith('?') or is_about_whom -%}{%- do texts.append(name) -%}{%- endif -%}
    {%- endfor -%}
    {{ return({
        'key': about['key'],
        'private_key': about.get('private_key', []),
        'else_blank': about.get('else_blank', {}),
        'careful': about.get('careful', {}),
        'person_key': about['person_key'],
        'outlives_person': about.get('outlives_person', false),
        'columns': columns,
        'required': required,
        'empty_is_missing': texts,
    }) }}
{% endmacro %}


{# The version of the contract that connectors fill, each says so in connector_settings: see is_connector(). #}
{% macro contract_version() %}
    {{ return(2) }}
{% endmacro %}
