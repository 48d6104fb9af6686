package bus

// OwnInbox is for Config.Inbox of a process of the service itself, on a server that such programs
// use, too.
const OwnInbox = "_RC.INBOX"

// ProgramSubjects are those on which a program that reads the published form may publish and
// subscribe: it reads feeds and asks the service. It may not make a consumer, because whoever can
// have the server send messages to any subject can write everywhere. That is why they are in an
// account of their own, too (natsd.Server.Admit): whoever answers does so at any subject that it
// was asked to. Programs can see the answers that other programs get.
func ProgramSubjects() (publish, subscribe []string) {
	const api = "$JS.API."
	return []string{
		servicePrefix + ".>", "$SRV.>",
		api + "INFO", api + "STREAM.INFO." + PublicStream,
		api + "CONSUMER.INFO." + PublicStream + ".*", api + "CONSUMER.MSG.NEXT." + PublicStream + ".*",
		"$JS.ACK." + PublicStream + ".>",
	}, []string{"_INBOX.>"}
}
