package main

import "testing"

func TestWhatOthersCanReachIsKnown(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"": true, "nats://127.0.0.1:4222": true, "nats://[::1]:4222": true, "nats://localhost:4222": true,
		"nats://0.0.0.0:4222": false, "nats://192.0.2.1:4222": false, "nats://[::]:4222": false, "nats://host:4222": false,
	} {
		if isLoopback(address) != want {
			t.Errorf("%q: loopback %v", address, !want)
		}
	}
}
