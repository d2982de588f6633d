"""What tests of Trunkline and of its channels need: real servers, a faulty network, processes to kill, simulators."""
