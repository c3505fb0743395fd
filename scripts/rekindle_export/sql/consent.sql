{#
  What the whole of the published file says about consent.

  withdrawals           who withdrew or is to be forgotten, for which channel and purpose
  evidenced_decisions   decisions that stand in an audience together with the moment consent was given
#}
create temp table withdrawals as
select profile_id, channel, purpose, reason
from activation.audiences.audience_withdrawals;

create temp view evidenced_decisions as
select null as decision_id where false
{%- for table in consented %}
union
select decision_id from activation.audiences.{{ table | name }} where consented_at is not null
{%- endfor %}
