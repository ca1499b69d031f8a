"""The documentation site: its generated pages and what MkDocs calls while it builds."""
