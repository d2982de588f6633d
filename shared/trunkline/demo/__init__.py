"""The demo: a provider on loopback, customers who write through the real door, robots who answer at the real desk."""
