"""The OAuth2 hand-shake as pure rules: the table of states, its tickets, and the provider."""
