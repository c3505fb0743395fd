{{ config(enabled=is_connector('parquet')) }}

{{ contract_parquet() }}
