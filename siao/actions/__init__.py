"""The verbs: load, decide, save, number, commit, ring. The only writers of the journal."""
