package bus

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

var (
	tokenForm = regexp.MustCompile(`^([a-z0-9_-]{1,96}|[~=][a-z2-7]{52})$`)
	keyForm   = regexp.MustCompile(`^[a-zA-Z0-9_=-]+(\.[a-zA-Z0-9_=-]+)*$`) // what clients of key-value buckets take
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"alice":                  "alice",
		"c-2":                    "c-2",
		"Alice":                  "_41lice",
		"a.b*c>d e":              "a_2eb_2ac_3ed_20e",
		"a_b":                    "a_5fb",
		"~a":                     "_7ea",
		"":                       "_",
		"ü":                      "_c3_bc",
		strings.Repeat("x", 96):  strings.Repeat("x", 96),
		strings.Repeat("x", 97):  "~fruxjy7apcihrtr2zcewsdzlppt6xmsdbadf6aws6gjpycmyjdwq",
		strings.Repeat("é", 20):  "~z3",
		strings.Repeat("\n", 32): strings.Repeat("_0a", 32),
	} {
		got := token(text)
		if got != want && !(strings.HasPrefix(want, "~") && strings.HasPrefix(got, "~") && len(got) == 53) {
			t.Errorf("token of %q is %s, want %s", text, got, want)
		}
	}
}

func TestAccountSubjects(t *testing.T) {
	t.Parallel()
	for jid, want := range map[string]string{
		"alice@localhost":         "rc.v1.ev.dc.localhost.alice",
		"alice@localhost/phone":   "rc.v1.ev.dc.localhost.alice",
		"a.b@example.org":         "rc.v1.ev.cc.example_2eorg.a_2eb",
		"example.org":             "rc.v1.ev.70.example_2eorg._",
		"o'hara\\40x@example.org": "rc.v1.ev.7f.example_2eorg.o_27hara_5c40x",
		"_connectors":             "rc.v1.ev.3e._5fconnectors._",
	} {
		if got := accountSubject(logPrefix, events.StoredJID(jid)); got != want {
			t.Errorf("subject of %s is %s, want %s", jid, got, want)
		}
	}
}

// TestSubjectsAreInTheirStreams guards against a fault that the server would
// not report: a compare-and-set of 0 on a subject outside the stream passes.
func TestSubjectsAreInTheirStreams(t *testing.T) {
	t.Parallel()
	b := &Bus{}
	jid := events.StoredJID("alice@example.org")
	for _, test := range []struct {
		subject  string
		subjects []string
	}{
		{accountSubject(logPrefix, jid), b.logConfig().Subjects},
		{accountSubject(waitPrefix, jid), waitingConfig().Subjects},
		{accountSubject(claimPrefix, jid), waitingConfig().Subjects},
		{prePrefix + "." + token("a.b"), preConfig().Subjects},
		{leasePrefix + "." + token("a.b"), leaseConfig().Subjects},
		{newDocuments(b, rostersBucket).subject(jid), bucketConfig(rostersBucket).Subjects},
	} {
		matched := false
		for _, s := range test.subjects {
			form := strings.NewReplacer(".", `\.`, "*", `[^.]+`, ">", ".+", "$", `\$`).Replace(s)
			matched = matched || regexp.MustCompile("^"+form+"$").MatchString(test.subject)
		}
		if !matched {
			t.Errorf("%s is in none of %s", test.subject, test.subjects)
		}
	}
}

func TestEveryPartitionIsUsed(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for i := range 256 * 64 {
		jid := events.StoredJID("user" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + token(string(rune(i+0x4e00))) + "@example.org")
		seen[accountSubject(logPrefix, jid)[len(logPrefix)+1:][:2]]++
	}
	for pp, n := range seen {
		if n < 16 || n > 256 {
			t.Errorf("partition %s has %d of 64 expected", pp, n)
		}
	}
	if len(seen) != 256 {
		t.Errorf("%d partitions", len(seen))
	}
}

// FuzzToken: different texts have different tokens, of the form promised.
func FuzzToken(f *testing.F) {
	long := strings.Repeat("x", 97)
	for _, pair := range [][2]string{
		{"a", "A"}, {"", "_"}, {"_41", "A"}, {"~", "_7e"}, {"a.b", "a_2eb"}, {long, long + "x"}, {long[:96], long}, {token(long), long},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := token(a), token(b)
		if !tokenForm.MatchString(x) {
			t.Errorf("token of %q is %q", a, x)
		}
		if (x == y) != (a == b) {
			t.Errorf("tokens of %q and %q are %q and %q", a, b, x, y)
		}
		key := string(appendToken(nil, a, '='))
		if strings.Contains(key, "~") || (key == string(appendToken(nil, b, '='))) != (a == b) {
			t.Errorf("key of %q is %q", a, key)
		}
	})
}

// FuzzAccount: no two accounts share a subject or a key.
func FuzzAccount(f *testing.F) {
	f.Add("a@b.c", "a.b@c")
	f.Add("a@b", "b")
	f.Add("a_2eb@c", "a.b@c")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := events.ParseJID(a)
		if err != nil {
			return
		}
		y, err := events.ParseJID(b)
		if err != nil {
			return
		}
		same := x.Bare() == y.Bare()
		if (accountSubject(logPrefix, x) == accountSubject(logPrefix, y)) != same {
			t.Errorf("subjects of %s and %s: %s", x, y, accountSubject(logPrefix, x))
		}
		if (accountKey(x) == accountKey(y)) != same || !keyForm.MatchString(accountKey(x)) {
			t.Errorf("keys of %s and %s: %s", x, y, accountKey(x))
		}
	})
}
