// Package natsconf writes configurations of nats-servers for Rollcall: accounts with the
// least permissions that each role needs, keys for them, TLS between all, and what
// JetStream may have.
//
//	cfg, err := natsconf.New([]string{"nats1.example.org", "nats2.example.org", "nats3.example.org"})
//	kept, err := cfg.Write(dir) // a file a node, and the keys beside them
//
// # Where things are
//
//   - What is asked for: config.go; a server's configuration: render.go, and nats.conf.
//   - Who may do what: users.go. Keys and passwords: secrets.go; certificates: authority.go.
//
// # What it promises
//
// Keys, passwords and the authority are in files that nobody but their owner may read, and in no
// configuration. Those that are in the directory already stay: the same configurations are
// made again, in the form of this build. The permissions of each role are in package bus.
package natsconf
