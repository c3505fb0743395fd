"""Quality gates: numbers measured in DuckDB and judged with Great Expectations, told without values of rows."""
