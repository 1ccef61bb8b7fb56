"""Contract A, management part; `register_api` imports the modules, which register their calls."""
