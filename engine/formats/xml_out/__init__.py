"""XML messages to banks: a definition in YAML, a template in Jinja2, no code."""
