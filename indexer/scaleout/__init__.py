"""Procedures to an index on a cluster: the address, the client, documents, the dictionary and the writer."""
