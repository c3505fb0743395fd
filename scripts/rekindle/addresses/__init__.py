"""How phones and e-mails read: once per raw value, before dbt."""
