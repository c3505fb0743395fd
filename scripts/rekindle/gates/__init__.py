"""Quality gates: numbers measured in DuckDB, judged by Great Expectations, told in sentences without values of rows."""
