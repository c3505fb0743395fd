"""What every room stands on: places, settings, errors, quoting, files, DuckDB, dbt, and the rules that SQL has."""
