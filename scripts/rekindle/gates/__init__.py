"""Quality gates: numbers measured in DuckDB, judged by their bounds, told in sentences without values of rows."""
