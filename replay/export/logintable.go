package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The columns of dataset logins, in their order.
const (
	loSeq = iota
	loStoredAt
	loOK
	loWho
	loNameTag
	loSession
	loDomain
	loMechanism
	loTLS
	loCondition
	loNetwork
	loAddressTag
	loAgent
	loConnector
	loAccount // only with names
	loRole
)

var loginColumns = []column{
	loSeq:        {name: "seq", kind: counter, required: true},
	loStoredAt:   {name: "stored_at", kind: instant, required: true},
	loOK:         {name: "ok", kind: flag, required: true},
	loWho:        {name: "who", kind: word, bloom: true},
	loNameTag:    {name: "name_tag", kind: word, bloom: true},
	loSession:    {name: "session", kind: unique, bloom: true},
	loDomain:     {name: "domain", kind: word},
	loMechanism:  {name: "mechanism", kind: word},
	loTLS:        {name: "tls", kind: word},
	loCondition:  {name: "condition", kind: word},
	loNetwork:    {name: "network", kind: word, bloom: true},
	loAddressTag: {name: "address_tag", kind: word, bloom: true},
	loAgent:      {name: "agent", kind: word},
	loConnector:  {name: "connector", kind: word},
	loAccount:    {name: "account", kind: word, bloom: true},
	loRole:       {name: "role", kind: word},
}

// A loginTable is dataset logins: a row for each login, and for each that failed. They are
// of two streams, and so in two kinds of files.
type loginTable struct {
	rowChoices
	tags    tagger
	columns []column
	part    *part
	row     []value
}

func newLoginTable(c *Config) *loginTable {
	columns := withoutNames(loginColumns, loAccount, loRole)
	if c.Names {
		columns = loginColumns
	}
	return &loginTable{rowChoices: rowChoices{c.Names, c.Addresses}, tags: newTagger(c), columns: columns, row: make([]value, len(columns))}
}

func (t *loginTable) begin(s *segment) (err error) {
	t.part, err = s.add(datasetLogins+"/", t.columns)
	return err
}

func (t *loginTable) take(it *item) error {
	if it.st == nil {
		return nil
	}
	switch e := it.st.Event.(type) {
	case events.Authenticated:
		clear(t.row)
		t.row[loOK], t.row[loSession], t.row[loAgent] = flagOf(true), textOf(it.st.Session.String()), textOf(t.agent(e.Agent))
		t.row[loMechanism], t.row[loTLS] = textOf(e.Mechanism), textOf(e.TLS)
		*behind(t.row, loginColumns, loRole) = textOf(e.Role)
		t.fill(it, it.st.Account(), e.Address)
	case events.AuthFailed:
		clear(t.row)
		t.row[loOK], t.row[loMechanism], t.row[loCondition] = flagOf(false), textOf(e.Mechanism), textOf(e.Condition)
		account := it.st.Account()
		if account.Local() == "" && e.Username != "" {
			account = events.StoredJID(e.Username + "@" + account.Domain())
		}
		t.fill(it, account, e.Address)
	default:
		return nil
	}
	return t.part.write(t.row)
}

// fill fills in what both kinds of login have.
func (t *loginTable) fill(it *item, account events.JID, address string) {
	row := t.row
	row[loSeq], row[loStoredAt] = counterOf(uint64(it.seq())), numberOf(it.at())
	row[loDomain], row[loConnector] = textOf(account.Domain()), textOf(it.st.Connector.Name)
	row[loNetwork] = textOf(t.addresses.network(address))
	if !it.who.IsZero() {
		row[loWho] = textOf(it.who.String())
	}
	if account.Local() != "" {
		row[loNameTag] = textOf(t.tags.tag("name", account.String(), it.at()))
	}
	if whole := wholeAddress(AddressesFull.network(address)); whole != "" && t.addresses != AddressesNone {
		row[loAddressTag] = textOf(t.tags.tag("address", whole, it.at()))
	}
	if t.names && !account.IsZero() {
		row[loAccount] = textOf(strings.TrimSuffix(account.String(), "@"))
	}
}

// A tagger makes tags of names and addresses by which they can be counted and told apart
// within a month, and by which nobody who has not the export's key can find out what they
// are of.
type tagger struct{ mac hash.Hash }

func newTagger(c *Config) tagger {
	key := sha256.Sum256(append([]byte("rollcall export, tags "), c.Key.Seed()...))
	return tagger{hmac.New(sha256.New, key[:])}
}

// tagBytes are enough to tell millions apart.
const tagBytes = 10

func (t tagger) tag(of, text string, at int64) string {
	t.mac.Reset()
	io.WriteString(t.mac, of)
	t.mac.Write(time.Unix(0, at).UTC().AppendFormat(nil, " 2006-01 "))
	io.WriteString(t.mac, text)
	return hex.EncodeToString(t.mac.Sum(nil)[:tagBytes])
}
