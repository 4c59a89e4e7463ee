"""What is measured: each module one table, run as `./run bench NAME`."""
