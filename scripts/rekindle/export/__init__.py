"""Files for e-mail providers, ad platforms and reverse-ETL tools, from the published activation file.

`feeds` and `targets` say what is wanted (pydantic), `activation` opens the published file, `late_noes` reads what came
after it, `staging` prepares a feed's rows in DuckDB, `one_feed` and `lists` decide what leaves, `writing` commits it,
`exporting` does so for all feeds, `runs` knows what was committed. docs/activation.md explains it to whoever uses the
files.
"""
