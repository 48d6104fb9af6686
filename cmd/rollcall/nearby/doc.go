// Package nearby knows which services of this machine listen at which address, and with which
// key they let in whoever can read it, so that nobody has to name it.
//
//	withdraw, err := nearby.Announce("127.0.0.1:4222", nearby.Service{Key: "/srv/xmpp/nats.nk"})
//	defer withdraw()
//	s, err := nearby.Find("nats://localhost:4222")
//
// An entry is a small file, named for the address, in a directory of whoever runs the service.
// That is $RUNTIME_DIRECTORY if systemd has made one; otherwise rollcall/services in
// $XDG_STATE_HOME, or in .local/state of the user's home; otherwise, for a user without a home,
// rollcall-UID in the directory for temporary files. One who looks has those directories of his
// own, and /run/rollcall, where the system's service is. Nothing in an entry is secret: it says
// where the key is, and the key's file says who may read it. An address has one listener at a
// time, so the newest entry is true, and one that has outlived its service is in nobody's way:
// it is replaced by the next service there, and one whose key is gone counts for nothing.
//
// A directory or an entry that somebody else could have written is not believed.
package nearby
