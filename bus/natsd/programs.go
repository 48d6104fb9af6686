package natsd

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// programsName is the account of programs, and the first token of the subjects in it by which
// they reach the other one.
const programsName = "programs"

// programs is the account of those that were let in with tokens. Nothing in NATS says which
// subjects somebody may want an answer at: whoever shares an account with the streams could have
// the server answer a question where a stream listens, or where it takes orders, with the rights
// of whoever answers. Only questions leave this account, and only answers come back to it.
type programs struct {
	account, main *server.Account

	mu     sync.Mutex
	opened map[string]bool // guarded; subjects of the other account
}

// open lets the account's members publish to subjects of the other account, and returns the
// subjects that this takes a permission for.
func (p *programs) open(subjects []string) (allow []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, subject := range subjects {
		if !p.opened[subject] {
			if err := p.export(subject); err != nil {
				return nil, fmt.Errorf("let programs publish to %s: %w", subject, err)
			}
			p.opened[subject] = true
		}
		allow = append(allow, local(subject))
	}
	return allow, nil
}

// export is open for one subject. It is mapped, because JetStream itself would answer at its
// own subjects, that this account has none. The caller holds mu.
func (p *programs) export(subject string) error {
	if err := p.main.AddServiceExportWithResponse(subject, server.Streamed, []*server.Account{p.account}); err != nil {
		return err
	}
	if err := p.account.AddServiceImport(p.main, local(subject), subject); err != nil {
		return err
	}
	return p.account.AddMapping(subject, local(mapped(subject)))
}

func local(subject string) string { return programsName + "." + subject }

// mapped is a subject as the target of a mapping from itself.
func mapped(subject string) string {
	tokens, n := strings.Split(subject, "."), 0
	for i, token := range slices.All(tokens) {
		if token == "*" {
			n++
			tokens[i] = fmt.Sprintf("{{wildcard(%d)}}", n)
		}
	}
	return strings.Join(tokens, ".")
}
