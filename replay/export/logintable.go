package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"rollcall/events"
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
	loAccount // from here on only with names
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
}

// A loginTable is dataset logins: a row for each login, and for each that failed. They are
// of two streams, and so in two kinds of files.
type loginTable struct {
	rowChoices
	tags tagger
	part *part
	row  []value
}

func newLoginTable(c *Config) *loginTable {
	columns := loginColumns[:loAccount]
	if c.Names {
		columns = loginColumns
	}
	return &loginTable{rowChoices: rowChoices{c.Names, c.Addresses}, tags: newTagger(c), row: make([]value, len(columns))}
}

func (t *loginTable) begin(s *segment) (err error) {
	t.part, err = s.add(datasetLogins+"/", loginColumns[:len(t.row)])
	return err
}

func (t *loginTable) take(it *item) error {
	if it.st == nil {
		return nil
	}
	row := t.row
	clear(row)
	account, address := it.st.Account(), ""
	switch e := it.st.Event.(type) {
	case events.Authenticated:
		address = e.Address
		row[loOK], row[loSession], row[loAgent] = flagOf(true), textOf(it.st.Session.String()), textOf(t.agent(e.Agent))
		row[loMechanism], row[loTLS] = textOf(e.Mechanism), textOf(e.TLS)
	case events.AuthFailed:
		address = e.Address
		row[loOK], row[loMechanism], row[loCondition] = flagOf(false), textOf(e.Mechanism), textOf(e.Condition)
		if account.Local() == "" && e.Username != "" {
			account = events.StoredJID(e.Username + "@" + account.Domain())
		}
	default:
		return nil
	}
	t.fill(it, account, address)
	return t.part.write(row)
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
type tagger struct{ key []byte }

func newTagger(c *Config) tagger {
	key := sha256.Sum256(append([]byte("rollcall export, tags "), c.Key.Seed()...))
	return tagger{key[:]}
}

// tagBytes are enough to tell millions apart.
const tagBytes = 10

func (t tagger) tag(of, text string, at int64) string {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(of + time.Unix(0, at).UTC().Format(" 2006-01 ") + text))
	return hex.EncodeToString(h.Sum(nil)[:tagBytes])
}
