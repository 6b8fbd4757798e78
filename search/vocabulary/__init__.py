"""The words patients use and the words clinicians write: the shipped table, the user's own entries, morphemes."""
