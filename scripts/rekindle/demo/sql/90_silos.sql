-- Each silo exports what it knows, under its own names.

create table synthetic.till_members as
select
    contact_id as household_id,
    loyalty_card_id,
    first_name,
    last_name,
    birth_date,
    email,
    phone,
    language_code,
    country_code,
    postal_code,
    city,
    street_address,
    preferred_store_id,
    created_at as enrolled_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'till';

create table synthetic.web_accounts as
select
    contact_id as account_id,
    email as login_email,
    email_verified_at,
    phone,
    first_name,
    last_name,
    birth_date,
    language_code,
    country_code,
    postal_code,
    city,
    street_address,
    loyalty_card_id,
    created_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'web_shop';

create table synthetic.newsletter_subscribers as
select
    contact_id as subscriber_id,
    email,
    email_verified_at as confirmed_at,
    first_name,
    last_name,
    language_code,
    country_code,
    created_at as subscribed_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'newsletter';

create table synthetic.app_users as
select
    contact_id as app_user_id,
    email,
    phone,
    phone_verified_at,
    first_name,
    last_name,
    birth_date,
    language_code,
    country_code,
    loyalty_card_id,
    preferred_store_id,
    created_at as installed_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'app';

create table synthetic.callers as
select
    contact_id as caller_id,
    phone,
    first_name,
    last_name,
    language_code,
    country_code,
    postal_code,
    city,
    created_at as first_called_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'call_centre';

create table synthetic.social_contacts as
select
    contact_id as entrant_id,
    email,
    phone,
    first_name,
    last_name,
    birth_date,
    language_code,
    country_code,
    created_at as entered_at,
    updated_at,
    extracted_at() as extracted_at,
from contact_records
where source_system = 'social';

-- For tests only, not a source of the connector: who is who.
create table synthetic._truth_people as
select
    source_system,
    contact_id,
    person_id,
from contact_records;
