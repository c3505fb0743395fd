"""Files for e-mail providers, ad platforms and reverse-ETL tools, from the published activation file.

`feeds` and `targets` say what is wanted (pydantic), `rules` renders the macros of macros/portability/identifiers.sql,
`activation` opens the published file, `staging` prepares a feed's rows in DuckDB, `exporting` decides and writes,
`runs` knows what was committed below exports/. docs/activation.md explains it to whoever uses the files.
"""
