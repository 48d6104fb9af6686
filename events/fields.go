package events

// The fields of each event in the order in which they are written. A field is
// only ever added at the end of both functions; a reader of an older record
// finds the end of the array first and leaves the rest zero.

func (Authenticated) version() uint8           { return 3 }
func (Bound) version() uint8                   { return 2 }
func (RosterRequested) version() uint8         { return 1 }
func (PresenceAvailable) version() uint8       { return 1 }
func (PresenceUnavailable) version() uint8     { return 1 }
func (PresenceDirected) version() uint8        { return 1 }
func (StreamManagementEnabled) version() uint8 { return 2 }
func (Detached) version() uint8                { return 2 }
func (Resumed) version() uint8                 { return 1 }
func (Closed) version() uint8                  { return 3 }
func (CarbonsEnabled) version() uint8          { return 1 }
func (CarbonsDisabled) version() uint8         { return 1 }
func (Refreshed) version() uint8               { return 3 }
func (RoleTaken) version() uint8               { return 1 }
func (AccountCreated) version() uint8          { return 2 }
func (PasswordChanged) version() uint8         { return 2 }
func (AccountRemoved) version() uint8          { return 2 }
func (AccountDisabled) version() uint8         { return 1 }
func (AccountEnabled) version() uint8          { return 1 }
func (RoleChanged) version() uint8             { return 1 }
func (ConnectorStarted) version() uint8        { return 1 }
func (ConnectorStopped) version() uint8        { return 1 }
func (ConnectorLost) version() uint8           { return 1 }
func (NetworkBanned) version() uint8           { return 1 }
func (NetworkUnbanned) version() uint8         { return 1 }
func (Connected) version() uint8               { return 1 }
func (StreamOpened) version() uint8            { return 1 }
func (Secured) version() uint8                 { return 1 }
func (AuthFailed) version() uint8              { return 1 }
func (Disconnected) version() uint8            { return 2 }
func (u Unknown) version() uint8               { return u.Version }

func (e Authenticated) appendFields(b []byte) []byte {
	return appendStrings(b, e.Mechanism, e.TLS, e.Address, e.Agent, e.Role)
}
func (e Bound) appendFields(b []byte) []byte         { return appendStrings(b, e.Requested, e.Role) }
func (RosterRequested) appendFields(b []byte) []byte { return appendStrings(b) }
func (e PresenceAvailable) appendFields(b []byte) []byte {
	b = appendInt(appendArray(b, 3), int64(e.Priority))
	return appendString(appendString(b, e.Show), e.Stanza)
}
func (e PresenceUnavailable) appendFields(b []byte) []byte { return appendStrings(b, e.Stanza) }
func (e PresenceDirected) appendFields(b []byte) []byte {
	return appendBool(appendString(appendArray(b, 2), e.To.String()), e.Available)
}
func (e StreamManagementEnabled) appendFields(b []byte) []byte {
	b = appendUint(appendBool(appendArray(b, 3), e.Resumable), uint64(e.Max))
	return appendBin(b, e.TokenHash)
}
func (e Detached) appendFields(b []byte) []byte {
	return appendString(appendInt(appendString(appendArray(b, 3), string(e.Reason)), e.Until), e.HeldBy)
}
func (e Resumed) appendFields(b []byte) []byte { return appendStrings(b, e.Address) }
func (e Closed) appendFields(b []byte) []byte {
	return appendStrings(b, string(e.Reason), e.Text, string(e.By), e.HeldBy)
}
func (CarbonsEnabled) appendFields(b []byte) []byte  { return appendStrings(b) }
func (CarbonsDisabled) appendFields(b []byte) []byte { return appendStrings(b) }
func (e Refreshed) appendFields(b []byte) []byte {
	b = appendInt(appendBin(appendArray(b, 17), idBytes((*ID)(&e.Conn))), e.Since)
	for _, is := range [...]bool{e.Interested, e.Carbons, e.Available} {
		b = appendBool(b, is)
	}
	b = appendInt(appendString(appendInt(b, int64(e.Priority)), e.Presence), e.PresenceAt)
	b = appendUint(appendBool(appendBool(b, e.Managed), e.Resumable), uint64(e.Max))
	b = appendInt(appendBool(appendBin(b, e.TokenHash), e.Detached), e.Until)
	b = appendArray(b, len(e.Directed))
	for _, to := range e.Directed {
		b = appendString(b, to.String())
	}
	return appendString(appendString(b, e.Address), e.Role)
}
func (e RoleTaken) appendFields(b []byte) []byte       { return appendStrings(b, e.Role) }
func (e AccountCreated) appendFields(b []byte) []byte  { return appendStrings(b, string(e.By)) }
func (e PasswordChanged) appendFields(b []byte) []byte { return appendStrings(b, string(e.By)) }
func (e AccountRemoved) appendFields(b []byte) []byte  { return appendStrings(b, string(e.By)) }
func (e AccountDisabled) appendFields(b []byte) []byte {
	b = appendInt(appendArray(b, 3), e.Until)
	return appendString(appendString(b, e.Text), string(e.By))
}
func (e AccountEnabled) appendFields(b []byte) []byte { return appendStrings(b, string(e.By)) }
func (e RoleChanged) appendFields(b []byte) []byte {
	b = appendStrings(appendString(appendArray(b, 5), e.Role), e.Further...)
	return appendString(appendString(appendString(b, e.Was), string(e.By)), e.Text)
}
func (ConnectorStarted) appendFields(b []byte) []byte { return appendStrings(b) }
func (ConnectorStopped) appendFields(b []byte) []byte { return appendStrings(b) }
func (e ConnectorLost) appendFields(b []byte) []byte {
	return appendUint(appendString(appendArray(b, 2), e.Lost.Name), e.Lost.Epoch)
}
func (e NetworkBanned) appendFields(b []byte) []byte {
	b = appendInt(appendString(appendArray(b, 4), e.Network), e.Until)
	return appendString(appendString(b, e.Text), string(e.By))
}
func (e NetworkUnbanned) appendFields(b []byte) []byte {
	return appendStrings(b, e.Network, string(e.By))
}
func (e Connected) appendFields(b []byte) []byte    { return appendStrings(b, e.Address) }
func (e StreamOpened) appendFields(b []byte) []byte { return appendStrings(b, e.Host) }
func (e Secured) appendFields(b []byte) []byte      { return appendStrings(b, e.Version, e.Cipher) }
func (e AuthFailed) appendFields(b []byte) []byte {
	return appendStrings(b, e.Username, e.Mechanism, e.Condition, e.Address)
}
func (e Disconnected) appendFields(b []byte) []byte {
	return appendStrings(b, string(e.Reason), e.Text, e.Address)
}
func (u Unknown) appendFields(b []byte) []byte { return append(b, u.Fields...) }

func appendStrings(b []byte, fields ...string) []byte {
	b = appendArray(b, len(fields))
	for _, f := range fields {
		b = appendString(b, f)
	}
	return b
}

// event reads the fields of an event, brought to the newest version first.
func (d *decoder) event(k Kind, version uint8, up *upcastTable) Event {
	raw := d.b
	d.skip(0)
	if d.err != nil {
		return nil
	}
	raw = raw[:len(raw)-len(d.b)]
	raw, version, err := up.apply(k, version, raw)
	if err != nil {
		d.fail("upcast %s: %s", k, err)
		return nil
	}
	f := fieldsOf(raw)
	e := f.event(k)
	if e == nil {
		return Unknown{Code: k, Version: version, Fields: raw}
	}
	if f.d.err != nil {
		d.err = f.d.err
		return nil
	}
	return e
}

// fields reads an event's array; a field that an older writer did not know is
// zero.
type fields struct {
	d decoder
	n int // fields left
}

func fieldsOf(raw []byte) fields {
	f := fields{d: decoder{b: raw}}
	f.n = f.d.array()
	return f
}

func (f *fields) more() bool {
	f.n--
	return f.n >= 0
}

func (f *fields) string() string {
	if !f.more() {
		return ""
	}
	return f.d.string()
}

func (f *fields) bin() string {
	if !f.more() {
		return ""
	}
	return f.d.bin()
}

func (f *fields) int() int64 {
	if !f.more() {
		return 0
	}
	return f.d.int()
}

func (f *fields) uint() uint64 {
	if !f.more() {
		return 0
	}
	return f.d.uint()
}

func (f *fields) bool() bool { return f.more() && f.d.bool() }

func (f *fields) id() ID {
	if !f.more() {
		return ID{}
	}
	return f.d.id()
}

// jids reads as many as there are: their number is the writer's word.
func (f *fields) jids() (list []JID) {
	if !f.more() {
		return nil
	}
	for n := f.d.array(); n > 0 && f.d.err == nil; n-- {
		list = append(list, f.d.jid())
	}
	return list
}

// strings reads as many as there are, as jids does.
func (f *fields) strings() (list []string) {
	if !f.more() {
		return nil
	}
	for n := f.d.array(); n > 0 && f.d.err == nil; n-- {
		list = append(list, f.d.string())
	}
	return list
}

// event returns nil for a kind that this build does not know.
func (f *fields) event(k Kind) Event {
	switch k {
	case KindAuthenticated:
		return Authenticated{Mechanism: f.string(), TLS: f.string(), Address: f.string(), Agent: f.string(), Role: f.string()}
	case KindBound:
		return Bound{Requested: f.string(), Role: f.string()}
	case KindRosterRequested:
		return RosterRequested{}
	case KindPresenceAvailable:
		return PresenceAvailable{Priority: int8(f.int()), Show: f.string(), Stanza: f.string()}
	case KindPresenceUnavailable:
		return PresenceUnavailable{Stanza: f.string()}
	case KindPresenceDirected:
		return PresenceDirected{To: StoredJID(f.string()), Available: f.bool()}
	case KindStreamManagementEnabled:
		return StreamManagementEnabled{Resumable: f.bool(), Max: uint32(f.uint()), TokenHash: f.bin()}
	case KindDetached:
		return Detached{Reason: Reason(f.string()), Until: f.int(), HeldBy: f.string()}
	case KindResumed:
		return Resumed{Address: f.string()}
	case KindClosed:
		return Closed{Reason: Reason(f.string()), Text: f.string(), By: Actor(f.string()), HeldBy: f.string()}
	case KindCarbonsEnabled:
		return CarbonsEnabled{}
	case KindCarbonsDisabled:
		return CarbonsDisabled{}
	case KindRefreshed:
		return f.refreshed()
	}
	return f.rareEvent(k)
}

func (f *fields) refreshed() Refreshed {
	return Refreshed{
		Conn: ConnID(f.id()), Since: f.int(), Interested: f.bool(), Carbons: f.bool(),
		Available: f.bool(), Priority: int8(f.int()), Presence: f.string(), PresenceAt: f.int(),
		Managed: f.bool(), Resumable: f.bool(), Max: uint32(f.uint()), TokenHash: f.bin(),
		Detached: f.bool(), Until: f.int(), Directed: f.jids(), Address: f.string(), Role: f.string(),
	}
}

// rareEvent continues event for the kinds that are not of a session's life.
func (f *fields) rareEvent(k Kind) Event {
	switch k {
	case KindRoleTaken:
		return RoleTaken{Role: f.string()}
	case KindAccountCreated:
		return AccountCreated{By: Actor(f.string())}
	case KindPasswordChanged:
		return PasswordChanged{By: Actor(f.string())}
	case KindAccountRemoved:
		return AccountRemoved{By: Actor(f.string())}
	case KindAccountDisabled:
		return AccountDisabled{Until: f.int(), Text: f.string(), By: Actor(f.string())}
	case KindAccountEnabled:
		return AccountEnabled{By: Actor(f.string())}
	case KindNetworkBanned:
		return NetworkBanned{Network: f.string(), Until: f.int(), Text: f.string(), By: Actor(f.string())}
	case KindNetworkUnbanned:
		return NetworkUnbanned{Network: f.string(), By: Actor(f.string())}
	case KindRoleChanged:
		return RoleChanged{Role: f.string(), Further: f.strings(), Was: f.string(), By: Actor(f.string()), Text: f.string()}
	case KindConnectorStarted:
		return ConnectorStarted{}
	case KindConnectorStopped:
		return ConnectorStopped{}
	case KindConnectorLost:
		return ConnectorLost{Lost: Incarnation{Name: f.string(), Epoch: f.uint()}}
	case KindConnected:
		return Connected{Address: f.string()}
	case KindStreamOpened:
		return StreamOpened{Host: f.string()}
	case KindSecured:
		return Secured{Version: f.string(), Cipher: f.string()}
	case KindAuthFailed:
		return AuthFailed{Username: f.string(), Mechanism: f.string(), Condition: f.string(), Address: f.string()}
	case KindDisconnected:
		return Disconnected{Reason: Reason(f.string()), Text: f.string(), Address: f.string()}
	}
	return nil
}
