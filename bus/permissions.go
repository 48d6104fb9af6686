package bus

import "slices"

// A Role is what a user of NATS is for. One role is all that its programs may do there.
type Role string

// The roles. The first three are those of "rollcall up", whose processes may play several;
// what one with the role projector does is in the first two.
const (
	RoleConnector Role = "connector" // holds clients' sessions, answers questions and writes keyframes
	RoleHTTP      Role = "http"      // serves the API, answers questions and writes keyframes
	RolePublisher Role = "publisher" // writes RC_PUBLIC
	RoleAuditor   Role = "auditor"   // asks, and leaves a record of that
	RoleFeed      Role = "feed"      // reads RC_PUBLIC by feeds that are there
	RoleAdmin     Role = "admin"     // makes the streams, accounts, tokens and feeds; backs up; restores
)

// Permissions are the subjects that a user of NATS may publish and subscribe to. To these
// comes one inbox of its own to subscribe to: whoever may read another's has its answers.
type Permissions struct{ Publish, Subscribe []string }

// PermissionsOf are the least that the roles need, sorted. Where streams may be read by
// consumers of their own (all but RoleFeed) NATS lets those deliver to any subject: the
// permissions keep programs to their roles, but not whoever wants to do harm with such a
// user from disturbing the others.
func PermissionsOf(roles ...Role) Permissions {
	var p Permissions
	for _, r := range roles {
		of := permissions[r]()
		p.Publish, p.Subscribe = append(p.Publish, of.Publish...), append(p.Subscribe, of.Subscribe...)
	}
	for _, list := range []*[]string{&p.Publish, &p.Subscribe} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return p
}

var permissions = map[Role]func() Permissions{
	RoleConnector: connectorPermissions, RoleHTTP: httpPermissions, RolePublisher: publisherPermissions,
	RoleAuditor: auditorPermissions, RoleFeed: FeedPermissions, RoleAdmin: adminPermissions,
}

// connectorPermissions: what it writes is never changed or removed by it, but for waiting
// messages and keyframes.
func connectorPermissions() Permissions {
	p := processPermissions()
	p.answer()
	p.read(preStream)
	for _, bucket := range []string{accountsBucket, rostersBucket, blockedBucket, privateBucket, namesBucket, serviceBucket, bansBucket} {
		p.read(bucketStream(bucket))
		p.publish(bucketPrefix(bucket) + ">")
	}
	p.ask("STREAM.MSG.GET."+waitingStream, "STREAM.MSG.DELETE."+waitingStream)
	for _, prefix := range []string{logPrefix, prePrefix, leasePrefix, waitPrefix, claimPrefix, toPrefix} {
		p.publish(prefix + ".>")
	}
	p.publish(auditSubject) // who used a command of XEP-0133
	p.subscribe(toPrefix+".>", probePrefix+".>")
	return p
}

// httpPermissions: it writes the ends of sessions, which accounts are disabled and networks
// banned, pseudonyms, the tokens of browsers, and the record of each question.
func httpPermissions() Permissions {
	p := processPermissions()
	p.answer()
	p.read(preStream, auditStream)
	for _, bucket := range []string{accountsBucket, rostersBucket, namesBucket, tokensBucket, bansBucket} {
		p.read(bucketStream(bucket))
	}
	p.read(bucketStream(serviceBucket)) // the certificate that the service has made for itself
	p.publish(logPrefix+".>", auditSubject, bucketPrefix(namesBucket)+">", bucketPrefix(serviceBucket)+">")
	p.publish(bucketPrefix(accountsBucket)+">", bucketPrefix(bansBucket)+">", bucketPrefix(tokensBucket)+">")
	p.question(askPrefix + ".do.drain.*")
	p.subscribe(servicePrefix+".>", "$SRV.>")
	return p
}

func publisherPermissions() Permissions {
	p := processPermissions()
	p.read(bucketStream(namesBucket))
	p.publish(publicPrefix+".>", bucketPrefix(namesBucket)+">")
	for _, verb := range []string{"CREATE.", "UPDATE.", "DELETE.", "PURGE.", "MSG.GET."} {
		p.ask("STREAM." + verb + publicStream)
	}
	p.ask("CONSUMER.CREATE." + publicStream + ".>") // of feeds, when the log is another
	return p
}

// auditorPermissions: the credentials of accounts are not among what it may read.
func auditorPermissions() Permissions {
	var p Permissions
	p.look()
	p.read(logStream, preStream, frameStream, leaseStream, auditStream, bucketStream(rostersBucket), bucketStream(namesBucket))
	p.publish(auditSubject, probePrefix+".>")
	p.question(askPrefix + ".*") // and gives no orders, whose verbs have two parts
	return p
}

// FeedPermissions is what can be asked of the feeds that an administrator has made.
func FeedPermissions() Permissions {
	var p Permissions
	p.ask("STREAM.INFO."+publicStream, "CONSUMER.INFO."+publicStream+".*", "CONSUMER.MSG.NEXT."+publicStream+".*")
	p.publish("$JS.ACK." + publicStream + ".>")
	return p
}

// adminPermissions: what connectors send each other is not among what it may read or write.
func adminPermissions() Permissions {
	var p Permissions
	p.ask(">")
	p.publish("$JS.SNAPSHOT.>", "$KV.>", auditSubject, probePrefix+".>")
	for _, prefix := range []string{logPrefix, waitPrefix, claimPrefix} {
		p.publish(prefix + ".>")
	}
	p.question(askPrefix + ".>")
	return p
}

// processPermissions are those of each process of the service: it follows the log, begins at
// a keyframe, watches the leases, and measures how far the feeds are.
func processPermissions() Permissions {
	var p Permissions
	p.look()
	p.ask("CONSUMER.LIST."+publicStream, "STREAM.MSG.GET."+publicStream)
	p.read(logStream, frameStream, leaseStream)
	p.publish(probePrefix + ".>")
	return p
}

func (p *Permissions) publish(subjects ...string)   { p.Publish = append(p.Publish, subjects...) }
func (p *Permissions) subscribe(subjects ...string) { p.Subscribe = append(p.Subscribe, subjects...) }

// ask is for verbs of the JetStream API.
func (p *Permissions) ask(verbs ...string) {
	for _, verb := range verbs {
		p.publish(apiPrefix + verb)
	}
}

// look is for how each stream is, and how much room there is for them.
func (p *Permissions) look() {
	p.ask(accountInfo)
	p.publish(askPrefix + ".disk") // where the account has no limit; one chunk answers it
	for _, name := range streamNames() {
		p.ask("STREAM.INFO." + name)
	}
}

// streamNames are all that there may be.
func streamNames() (names []string) {
	for _, c := range append((&Bus{}).streamConfigs(), publicConfig()) {
		names = append(names, c.Name)
	}
	return names
}

// read is for messages of streams, one by one and by consumers.
func (p *Permissions) read(streams ...string) {
	for _, s := range streams {
		p.ask("STREAM.MSG.GET."+s, "CONSUMER.CREATE."+s+".>", "CONSUMER.MSG.NEXT."+s+".*", "CONSUMER.DELETE."+s+".*")
	}
}

// answer is for the role projector. Whoever asks has an inbox of its own.
func (p *Permissions) answer() {
	p.subscribe(askPrefix+".>", takePrefix+".>")
	p.publish("_INBOX.>", framePrefix+".>")
	p.ask("STREAM.PURGE." + frameStream)
}

// question is for whoever asks the service, with these verbs.
func (p *Permissions) question(verbs string) {
	p.publish(verbs, takePrefix+".>", servicePrefix+".>", "$SRV.>")
}
