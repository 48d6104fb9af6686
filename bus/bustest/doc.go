// Package bustest is for tests of whatever uses the bus: a log in memory with
// faults to inject, the contract that every events.Log must keep, and real
// nats-server processes to kill.
//
// The log in memory encodes what it is given and decodes what it gives, as the
// real one does, so that nothing passes through it that the wire would lose.
// Its faults are drawn from a seed: the same seed and the same calls in the
// same order give the same faults.
package bustest
