"""Contract A, app part; `register_api` imports the modules, which register their calls."""
