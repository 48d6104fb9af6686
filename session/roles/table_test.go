package roles

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table in docs/roles.md anew")

// The table in the documents is that of the code. That clients find it so is tested where
// they are served, cell by cell.
func TestTheDocumentsHaveTheTable(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../docs/roles.md", "writes it -->\n", "<!-- end table -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, both := strings.Cut(rest, end)
	if !ok || !both {
		t.Fatal("there is no place for it")
	}
	table := "\n" + tableOf(Standard()) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("%s is not of this build (-update writes it):\n%s", path, table)
	}
}

// means says what each permission is for, to whoever reads the table.
var means = map[Permission]string{
	Message: "send messages to other accounts", Request: "send requests to them, and read their cards and nodes",
	Direct: "send presence to one of them", Roster: "have a roster, and subscribe to presence", Block: "have a block list",
	Store: "keep private data and a vCard", Publish: "publish items, and subscribe to others'", Wait: "have messages wait while away",
	OwnAccount: "change one's own password, and remove one's own account", Commands: "use ad-hoc commands, those that the others below allow",
	SeeSessions: "see who is online, and when somebody was", EndSessions: "end others' sessions", Register: "make accounts for others, and change their passwords",
	Announce: "send a message to all who are online", Disable: "disable and enable accounts",
	Ban: "ban addresses and networks, and lift bans", SetRoles: "give others roles, up to one's own",
}

func tableOf(s *Set) string {
	var b strings.Builder
	row := func(first, last string, cell func(*Role) string) {
		fmt.Fprintf(&b, "| %s |", first)
		for _, r := range s.All() {
			fmt.Fprintf(&b, " %s |", cell(r))
		}
		fmt.Fprintf(&b, " %s |\n", last)
	}
	row("", "", (*Role).Name)
	row("---", "---", func(*Role) string { return "---" })
	for p := range Permissions() {
		row("`"+p.String()+"`", means[p], func(r *Role) string {
			if r.May(p) {
				return "yes"
			}
			return ""
		})
	}
	for l := range limits {
		row("`"+l.String()+"`", limitMeans[l], func(r *Role) string {
			if n := r.Limit(l, Usual); n != Usual {
				return fmt.Sprint(n)
			}
			return "usual"
		})
	}
	return b.String()
}

var limitMeans = map[Limit]string{
	Logins: "logins of an account a minute: `--login-rate`", Sessions: "sessions of an account: `--max-resources`",
	Stored: "bytes that it stores and publishes: 448 KiB",
}

func TestTheTableExplainsAll(t *testing.T) {
	t.Parallel()
	for p := range Permissions() {
		if means[p] == "" {
			t.Errorf("%s is not explained", p)
		}
	}
	for l := range limits {
		if limitMeans[l] == "" {
			t.Errorf("%s is not explained", l)
		}
	}
}
