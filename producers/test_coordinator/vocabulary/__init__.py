"""The words of scenario files; reader, messages and the JSON schema are made of these tables."""
