"""PostgreSQL and Valkey out of their wheels, for the demo and the tests: real servers, own launcher, loopback only."""
