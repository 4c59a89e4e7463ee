"""SQL and nothing else: one statement, one typed async function. Rows come out as core's Structs."""
