"""HTTP and sockets: decode, authorise, call, encode. Reads go straight to store or feed, writes to exactly one action."""
