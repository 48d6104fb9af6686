package delivery

// A Reason is the rule that decided.
type Reason uint8

const (
	ByFullJID Reason = iota
	ByPriority
	ByNonNegative
	ByAvailable
	ByServer
	NobodyThere
	NoSuchSession
	NoSuchAccount
	NotForAccounts
	NeverAnswered
	NotServed
	OfServer
)

// String is the rule in words, with its section of RFC 6121 unless it names another
// document.
func (r Reason) String() string {
	return [...]string{
		ByFullJID:      "the connected resource of this full JID (8.5.3.1)",
		ByPriority:     "the available resources tied at the highest priority (8.5.2.1.1)",
		ByNonNegative:  "all available resources with a priority of 0 or more (8.5.2.1.1)",
		ByAvailable:    "all available resources (8.5.2.1.2)",
		ByServer:       "on behalf of the account (8.5.2.1.3)",
		NobodyThere:    "no resource that would get it is available (8.5.2.2)",
		NoSuchSession:  "no session has this JID (8.5.3.2)",
		NoSuchAccount:  "there is no such account (8.5.1)",
		NotForAccounts: "it is for rooms, not for accounts (8.5.2)",
		NeverAnswered:  "nothing answers an error or a result (RFC 6120, 8.3.1)",
		NotServed:      "the domain is not served here (RFC 6120, 10.4)",
		OfServer:       "the server itself takes no messages (RFC 6120, 10.5.1)",
	}[r]
}
