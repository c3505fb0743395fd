"""Quality gates: numbers measured in DuckDB, judged by their bounds with Great Expectations, told in sentences without values of rows."""
