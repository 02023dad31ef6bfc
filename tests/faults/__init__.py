"""The fault table: each fault between us and a system, at each kind of write, both ways."""
