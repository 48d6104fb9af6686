package events

import "time"

// samples has one event of every kind, with every field set.
var samples = []Event{
	Authenticated{Mechanism: "SCRAM-SHA-256-PLUS", TLS: "TLS 1.3", Address: "192.0.2.1:50123", Agent: "Client 1.0 on a telephone, d4565fa7-4d72-4749-b3d3-740edbf87770", Role: "member"},
	Bound{Requested: "balcony", Role: "member"},
	RosterRequested{},
	PresenceAvailable{Priority: -7, Show: "away", Stanza: "<presence><show>away</show><priority>-7</priority></presence>"},
	PresenceUnavailable{Stanza: "<presence type='unavailable'><status>gone</status></presence>"},
	StreamManagementEnabled{Resumable: true, Max: 300, TokenHash: "\x01\x02\xfe\xff"},
	Detached{Reason: ReasonConnectionLost, Until: 1_767_323_345_000_000_000, HeldBy: "c2"},
	Resumed{Address: "[2001:db8::1]:50124"},
	Closed{Reason: ReasonKicked, Text: "maintenance", By: "cli root@example", HeldBy: "c2"},
	PresenceDirected{To: StoredJID("romeo@example.net/orchard"), Available: true},
	CarbonsEnabled{},
	CarbonsDisabled{},
	Refreshed{
		Conn: ConnID{0x01, 0x9b, 15: 9}, Since: 1_767_000_000_000_000_001, Interested: true, Carbons: true,
		Available: true, Priority: -7, Presence: "<presence><show>away</show><priority>-7</priority></presence>", PresenceAt: 1_767_323_000_000_000_002,
		Managed: true, Resumable: true, Max: 300, TokenHash: "\x01\x02\xfe\xff", Detached: true, Until: 1_767_323_345_000_000_000,
		Directed: []JID{StoredJID("romeo@example.net/orchard"), StoredJID("nurse@example.com")}, Address: "192.0.2.1:50123", Role: "member",
	},
	RoleTaken{Role: "registered"},
	AccountCreated{By: "juliet@example.com"},
	PasswordChanged{By: "juliet@example.com/balcony"},
	AccountRemoved{By: "token house"},
	AccountDisabled{Until: 1_767_323_345_000_000_000, Text: "spam", By: "cli root@example"},
	AccountEnabled{By: "admin@example.com/desk"},
	RoleChanged{Role: "admin", Further: []string{"support", "operator"}, Was: "member", By: "cli root@example", Text: "on call"},
	ConnectorStarted{},
	ConnectorStopped{},
	ConnectorLost{Lost: Incarnation{Name: "c2", Epoch: 70_001}},
	NetworkBanned{Network: "192.0.2.0/24", Until: 1_767_323_345_000_000_000, Text: "guesses passwords", By: "cli root@example"},
	NetworkUnbanned{Network: "2001:db8::/32", By: "token house"},
	Connected{Address: "192.0.2.1:50123"},
	StreamOpened{Host: "example.com"},
	Secured{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"},
	AuthFailed{Username: "juliet", Mechanism: "PLAIN", Condition: "not-authorized", Address: "192.0.2.1:50123"},
	Disconnected{Reason: ReasonTimeout, Text: "TLS handshake: not completed in time", Address: "192.0.2.1:50123"},
}

// sampleTime is the connector's clock in the samples.
var sampleTime = time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)

// sample is a record with every field of the envelope set.
func sample(e Event) *Record {
	id := func(last byte) ID {
		return ID{1, 0x9b, 0x7c, 0xa5, 0x12, 0x34, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, last}
	}
	return &Record{
		ID: EventID(id(1)), Session: SessionID(id(2)), JID: StoredJID("juliet@example.com/balcony"), Time: sampleTime.UnixNano(),
		Connector: Incarnation{Name: "c1", Epoch: 70_000}, Cause: ConnID(id(3)), Prev: 1 << 33, Event: e,
	}
}
