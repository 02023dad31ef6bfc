"""What every connector builds on: the contract, schemas, values, the world and the wire."""
