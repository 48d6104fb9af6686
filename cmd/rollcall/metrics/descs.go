package metrics

import "github.com/prometheus/client_golang/prometheus"

// The metrics. Each says in its help whose it is, because that decides whether those of
// several processes may be added.
const (
	ofConnector = " Of this process's connector: the sum over all processes is that of the service."
	ofTable     = " By this process's table: the same at every process, so not to be added."
	ofAll       = " Asked of the server: the same at every process, so not to be added; missing if it does not answer."
)

var (
	sessions = desc("sessions", "Live sessions in each state; one may be in several."+ofConnector, "state")
	all      = desc("table_sessions", "Live sessions of the service."+ofTable)
	accounts = desc("table_accounts", "Accounts that have sessions."+ofTable)

	connections      = desc("connections", "Open connections of clients, logged in or not."+ofConnector, "transport")
	connectionsTotal = desc("connections_total", "Connections that were accepted."+ofConnector, "transport")
	disconnections   = desc("disconnections_total", "Connections that have ended; reason none is of HTTP requests that became no WebSocket."+ofConnector, "reason")
	limitsHit        = desc("limits_hit_total", "How often clients have met a limit."+ofConnector, "limit")

	drained = desc("connector_draining", "1 while the connector takes no clients and sends away those that it has, or the process is about to stop, otherwise 0."+ofConnector)

	bans = desc("bans", "Networks that clients may not connect from, as this process's connector knows them: the same at every connector, so not to be added.")

	databaseUp = desc("user_database_up", "0 if the last login that asked the user database of a domain got no answer, otherwise 1: as this process's connector has found it.", "domain")

	eventsTotal = desc("events_total", "Records of accounts in the log that this process's connector wrote, or that a tool wrote about its sessions, since the process began: the sum over all processes is what the log has got.", "type")
	logins      = desc("logins_total", "Sessions that began."+ofConnector, "mechanism", "tls")
	loginTime   = desc("login_seconds", "From the first element of authentication, the client's answers included, until the log has the login."+ofConnector, "mechanism")
	failures    = desc("auth_failures_total", "Authentications that were refused."+ofConnector, "condition", "mechanism")
	closed      = desc("sessions_closed_total", "Sessions that ended. The one who wrote the end counts it."+ofConnector, "reason")
	duration    = desc("session_duration_seconds", "From login to end, of sessions that ended."+ofConnector)
	detached    = desc("detached_total", "Sessions that lost their connection and waited to be resumed."+ofConnector)
	resumes     = desc("resumes_total", "How the waits of detached sessions ended (resumed, expired, lost with their connector, ended for another reason), and resumptions that were refused."+ofConnector, "outcome")
	resumeAge   = desc("resume_age_seconds", "How long resumed sessions had been without a connection."+ofConnector)
	presence    = desc("presence_changes_total", "Changes of presence that were stored."+ofConnector, "kind")
	pushes      = desc("roster_pushes_total", "Roster pushes that were sent to resources."+ofConnector)
	visible     = desc("visible_seconds", "From the decision about an event until the writer's own table shows it."+ofConnector)

	appendTime = desc("append_seconds", "Attempts to append to the log, by outcome."+ofConnector, "outcome")
	syncTime   = desc("fsync_seconds", "Syncs to disk that acknowledgements waited for; none unless the embedded NATS syncs always.")
	syncFailed = desc("fsync_failed_total", "Syncs that failed.")

	logFirst     = desc("log_first_seq", "First sequence that a stream has."+ofAll, "stream")
	logLast      = desc("log_last_seq", "Last sequence of a stream."+ofAll, "stream")
	logRecords   = desc("log_records", "Messages that a stream has."+ofAll, "stream")
	logBytes     = desc("log_bytes", "Size of a stream."+ofAll, "stream")
	logLimit     = desc("log_limit_bytes", "Size that a stream may have; not there without a limit."+ofAll, "stream")
	diskFree     = desc("log_disk_free_bytes", "By how much the log can still grow before its disk is full, or what its account may use of an outside NATS server; missing if nobody can tell.")
	logFirstTime = desc("log_first_timestamp_seconds", "When the first message of a stream was stored."+ofAll, "stream")
	keyframeTime = desc("keyframe_timestamp_seconds", "When the record of the newest keyframe was stored."+ofAll)
	waiting      = desc("waiting_messages", "Messages that wait for accounts nobody is there for, claims included."+ofAll)

	feedPending = desc("feed_pending", "Events of a feed that its reader has not acknowledged."+ofAll, "feed")
	feedAcked   = desc("feed_ack_floor", "Sequence up to which all of a feed's events are acknowledged."+ofAll, "feed")
	feedOldest  = desc("feed_oldest_seconds", "How long the first of a feed's events that are not acknowledged has been published, 0 if there is none."+ofAll, "feed")

	position   = desc("projection_position", "Sequence that the table, or the process's publisher, has got to.", "projection")
	reachable  = desc("log_reachable", "1 while the log answers this process's question for its end.")
	lag        = desc("projection_lag_events", "Records that the log has and the table, or what is published, does not: the log's end is asked independently; NaN if it does not answer.", "projection")
	lagTime    = desc("projection_lag_seconds", "Age of the first of them, 0 if there is none; NaN if the log does not answer.", "projection")
	heartbeat  = desc("projection_heartbeat_timestamp_seconds", "When the fold, or the publisher, went round last, even with nothing to do.", "projection")
	rebuilding = desc("projection_rebuilding", "1 until the table has what the log had when the process began.", "projection")
	poison     = desc("projection_poison_total", "Records that can't be read and were passed over."+ofTable, "projection")
	unknown    = desc("projection_unknown_total", "Records of kinds that this version does not know."+ofTable, "projection")
	mismatched = desc("projection_mismatched_total", "Records that were not appended on top of their account's last one."+ofTable, "projection")

	held         = desc("leases", "Connectors that hold a lease, as far as the log says."+ofTable)
	serving      = desc("serving", "1 while this process's connector has its lease and serves logins.")
	renewal      = desc("lease_renewal_seconds", "Renewals of this process's leases that succeeded.")
	renewFailed  = desc("lease_renewal_failed_total", "Attempts to renew that failed; the next one comes half a second later.")
	leasesLost   = desc("lease_lost_total", "Leases that this process has lost, each with all its sessions.")
	preSent      = desc("pre_events_total", "Records of connections before authentication that were sent."+ofConnector)
	preDropped   = desc("pre_dropped_total", "Those that were dropped."+ofConnector)
	parcelsSent  = desc("parcels_sent_total", "Stanzas that were sent to other connectors."+ofConnector)
	parcelsGot   = desc("parcels_received_total", "Stanzas that were taken from other connectors."+ofConnector)
	parcelsAgain = desc("parcels_repeated_total", "Parcels that were sent again."+ofConnector)
	waitRefused  = desc("waiting_refused_total", "Messages that were refused because too many wait."+ofConnector)

	natsConnected  = desc("nats_connected", "1 while this process is connected to NATS.")
	natsReconnects = desc("nats_reconnects_total", "How often it was connected again.")
	natsRTT        = desc("nats_rtt_seconds", "The way to the NATS server and back; NaN if it does not answer.")

	certificateEnd = desc("tls_certificate_not_after_timestamp_seconds", "When the certificate ends that clients of a domain are shown.", "domain")
)

var descs = []*prometheus.Desc{
	sessions, all, accounts, connections, connectionsTotal, disconnections, limitsHit, bans, databaseUp,
	eventsTotal, logins, loginTime, failures, closed, duration, detached, resumes, resumeAge, presence, pushes, visible,
	appendTime, syncTime, syncFailed,
	logFirst, logLast, logRecords, logBytes, logLimit, diskFree, logFirstTime, keyframeTime, waiting,
	feedPending, feedAcked, feedOldest,
	position, reachable, lag, lagTime, heartbeat, rebuilding, poison, unknown, mismatched,
	held, serving, renewal, renewFailed, leasesLost, preSent, preDropped, parcelsSent, parcelsGot, parcelsAgain, waitRefused,
	natsConnected, natsReconnects, natsRTT, certificateEnd,
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rollcall_"+name, help, labels, nil)
}
