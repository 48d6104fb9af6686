package cmd

// The laws. A package may import of ours what its line says, children of a
// folder named with a slash at the end included; a package that is not here
// may not be.
var mayImport = map[string][]string{
	"events":                   {},
	"events/measure":           {},
	"session":                  {"events"},
	"session/stanza":           {"events"},
	"session/lru":              {},
	"session/roles":            {},
	"session/auth":             {"events", "session/lru", "session/roles"},
	"session/auth/authtest":    {"events", "session/auth"},
	"session/auth/httpauth":    {"events", "session/auth", "session/lru"},
	"session/auth/jwt":         {"events", "session/auth"},
	"session/auth/ldap":        {"events", "session/auth"},
	"session/auth/userdb":      {"events", "session/auth"},
	"session/guess":            {"events"},
	"session/roster":           {"events", "session/stanza"},
	"session/accounts":         {"events", "session", "session/accounts/bundle", "session/auth", "session/bans", "session/pep", "session/presence", "session/roles", "session/roster"},
	"session/accounts/bundle":  {"events", "session/auth", "session/pep", "session/roster", "session/stanza"},
	"session/accounts/prosody": {"events", "session/accounts/bundle", "session/auth", "session/stanza"},
	"session/accounts/xep0227": {"events", "session/accounts/bundle", "session/auth", "session/pep", "session/stanza"},
	"session/bans":             {"events"},
	"session/commands":         {"events", "session", "session/auth", "session/bans", "session/roles", "session/stanza"},
	"session/pep":              {"events"},
	"session/delivery":         {"events", "session", "session/stanza"},
	"session/tally":            {"events", "events/measure", "session", "session/auth"},
	"session/presence":         {"events", "session", "session/roster", "session/stanza"},
	"session/pubsub":           {"events", "session", "session/delivery", "session/lru", "session/pep", "session/roster", "session/stanza"},
	"session/connector":        {"events", "session"},
	"session/capacity":         {"events", "session"},
	"session/stream":           {"events", "session/stanza"},
	"session/c2s":              {"events", "events/measure", "session", "session/"},
	"bus":                      {"events", "events/measure", "bus/archive", "bus/backup", "bus/commit", "bus/courier"},
	"bus/archive":              {},
	"bus/backup":               {},
	"bus/commit":               {},
	"bus/courier":              {"events"},
	"bus/natsd":                {"bus/commit", "bus/natsd/index"},
	"bus/natsd/index":          {},
	"bus/bustest":              {"events"},
	"projector":                {"events", "session", "projector/keyframe"},
	"projector/keyframe":       {"events", "session"},
	"projector/query":          {"events", "session", "projector"},
	"replay":                   {"events", "session", "projector", "projector/keyframe"},
	"replay/export":            {"events", "session", "projector", "replay", "replay/names", "replay/public"},
	"replay/filter":            {"events", "projector/query", "replay", "replay/public"},
	"replay/logins":            {"events", "replay/filter"},
	"replay/names":             {"events", "session/lru"},
	"replay/public":            {"events", "replay/names"},
	"replay/stats":             {"events", "session", "projector", "replay", "replay/public"},
	"replay/verify":            {"events", "session", "projector", "projector/keyframe", "replay"},
	"docs/schema":              {},
	"docs/examples":            {},
	".ci/examples":             {}, // tests alone
	".ci/ldap":                 {}, // likewise
	".ci/fail2ban":             {}, // likewise
	"cmd":                      {},
	"cmd/rollcall/api":         {"bus", "cmd/rollcall/api/access", "cmd/rollcall/ask", "cmd/rollcall/person", "docs/schema", "events", "projector", "projector/query", "replay", "replay/filter", "replay/logins", "replay/names", "replay/public", "replay/stats", "session", "session/auth", "session/bans", "session/capacity"},
	"cmd/rollcall/api/access":  {"events"},
	"cmd/rollcall/ask":         {"bus", "events", "projector", "projector/keyframe", "projector/query", "replay", "replay/filter", "replay/stats", "session", "session/auth", "session/capacity", "session/delivery", "session/roles", "session/roster"},
	"cmd/rollcall/bench":       {"events", "session", "bus", "bus/natsd", "projector", "projector/keyframe", "replay", "cmd/rollcall/load"},
	"cmd/rollcall/certs":       {"events"},
	"cmd/rollcall/chart":       {"cmd/rollcall/chart/axis", "replay/stats"},
	"cmd/rollcall/chart/axis":  {},
	"cmd/rollcall/load":        {"events", "session/stanza"},
	"cmd/rollcall/lossy":       {},
	"cmd/rollcall/person":      {"bus", "cmd/rollcall/api/access", "events", "replay", "replay/names", "replay/public", "session/auth", "session/roster"},
	"cmd/rollcall/metrics":     {"events", "events/measure", "session/", "bus", "projector", "projector/query"},
	"cmd/rollcall/natsconf":    {"bus"},
	"cmd/rollcall/nearby":      {},
	"cmd/rollcall/sdnotify":    {},
	"cmd/rollcall/settings":    {},
	"cmd/rollcall/users":       {"cmd/rollcall/settings", "events", "session/auth", "session/auth/"},
	"cmd/rollcall/web":         {"cmd/rollcall/chart/axis", "docs/examples"}, // it has everything from the API
	"cmd/rollcall/publisher":   {"bus", "events", "replay/names", "replay/public"},
	"cmd/rollcall":             {"cmd/rollcall/", "events", "session", "session/", "bus", "bus/", "projector", "projector/", "replay", "replay/"},
}

// onlyIn are packages of others that one folder alone may import.
var onlyIn = map[string][]string{
	"github.com/nats-io/nats-server/v2": {"bus/natsd"},
	"github.com/nats-io/nats.go":        {"bus", "bus/courier", "bus/natsd", "cmd/rollcall/bench", "cmd/rollcall"}, // the last two to compare with it, and to reword its errors
	"github.com/spf13/cobra":            {"cmd/rollcall"},
	"github.com/BurntSushi/toml":        {"cmd/rollcall/settings"},
	"github.com/hanwen/go-fuse/v2":      {"cmd/rollcall/lossy"},
	"github.com/parquet-go/parquet-go":  {"replay/export"},
	"github.com/go-ldap/ldap/v3":        {"session/auth/ldap"},
	"github.com/golang-jwt/jwt/v5":      {"session/auth/jwt"},
}

// topLevel is all that the repository's root may have.
var topLevel = []string{
	".ci", ".git", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "bus", "cmd", "docs", "events", "go.mod", "go.sum",
	"projector", "replay", "session",
}
