"""Starts Spoor and the services of the tests, and ends what it started."""
