"""`trunkline.yaml`: what it may say, how it is read, checked and reloaded, and the rules in it."""
