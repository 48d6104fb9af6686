package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The server does not answer a NATS user who lacks a permission: it drops the message, or the
// subscription, and tells the client beside (-ERR), naming the subject alone. So those
// that wait for an answer are looked for by the subject that they have asked, and told
// at once.

// denials are those that wait for something that the server may refuse, but for calls,
// which requests has, and what was told of refusals.
type denials struct {
	mu      sync.Mutex
	waiting map[*denial]struct{} // guarded
	told    map[string]time.Time // guarded; when OnError heard last of a missing permission
}

type denial struct {
	subscribe bool   // or publish
	prefix    string // of subjects
	deny      func(error)
}

// tellAgain is after how long OnError is told once more of one missing permission, and
// maxTold bounds those that are remembered.
const (
	tellAgain = time.Minute
	maxTold   = 100
)

func newDenials() *denials {
	return &denials{waiting: make(map[*denial]struct{}), told: make(map[string]time.Time)}
}

// watch has deny called, any number of times, when a subject with the prefix turns out to
// be one that this user may not publish to.
func (d *denials) watch(prefix string, deny func(error)) (stop func()) {
	return d.add(&denial{prefix: prefix, deny: deny})
}

func (d *denials) add(w *denial) (stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting[w] = struct{}{}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, w)
	}
}

// channel is watch for whoever waits for several things.
func (d *denials) channel(prefix string) (denied <-chan error, stop func()) {
	told := make(chan error, 1)
	return told, d.watch(prefix, once(told))
}

// once sends one error and drops the others.
func once(to chan<- error) func(error) {
	return func(err error) {
		select {
		case to <- err:
		default:
		}
	}
}

// tell ends the wait of those that publish, or subscribe, to a subject. It reports whether the operator
// is to hear of that.
func (d *denials) tell(subject string, err *events.DeniedError) (news bool) {
	d.mu.Lock()
	var of []*denial
	for w := range d.waiting {
		if err.Subscribe == w.subscribe && strings.HasPrefix(subject, w.prefix) {
			of = append(of, w)
		}
	}
	what := err.Error()
	if news = time.Since(d.told[what]) > tellAgain; news {
		if len(d.told) >= maxTold {
			clear(d.told)
		}
		d.told[what] = time.Now()
	}
	d.mu.Unlock()
	for _, w := range of {
		w.deny(err)
	}
	return news
}

// denied tells those that wait, if that is what the server said.
func (b *Bus) denied(err error) (is bool) {
	denied, ok := deniedBy(err)
	if !ok {
		return false
	}
	subject := denied.Subject
	denied.Subject = permissionFor(subject)
	if !denied.Subscribe {
		b.rpc.deny(subject, denied)
	}
	if b.denials.tell(subject, denied) {
		b.cfg.OnError(denied)
	}
	return true
}

// violation is how a server tells of a missing permission.
var violation = regexp.MustCompile(`(Publish|Subscription) to "([^"]*)"`)

// deniedBy reads the error by which nats.go tells, of the connection, that its user may not
// publish or subscribe to a subject.
func deniedBy(err error) (*events.DeniedError, bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return nil, false
	}
	m := violation.FindStringSubmatch(err.Error())
	if m == nil {
		return nil, false
	}
	return &events.DeniedError{Subscribe: m[1] == "Subscription", Subject: m[2]}, true
}

// tellTime is far more than nats.go takes to tell of an error that has come.
const tellTime = 200 * time.Millisecond

// subscribing has a subscription made, "": several, and waits until the server knows of it,
// or refuses it. A refusal comes before the answer to the flush; if others came beside, it
// is waited for until it has been told of, which may be as soon as the subscription is made.
func (b *Bus) subscribing(subject string, subscribe func() error) error {
	told := make(chan error, 1)
	defer b.denials.add(&denial{subscribe: true, prefix: subject, deny: once(told)})()
	if err := subscribe(); err != nil {
		return err
	}
	if err := b.nc.FlushTimeout(b.cfg.AttemptTimeout); err != nil {
		return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	denied, ok := deniedBy(b.nc.LastError())
	switch {
	case !ok:
		return nil
	case denied.Subscribe && (subject == "" || denied.Subject == subject):
		denied.Subject = permissionFor(denied.Subject)
		return denied
	}
	select {
	case err := <-told:
		return err
	case <-time.After(tellTime):
		return nil
	}
}

// permitted calls do, which asks the JetStream API for a verb, within the time of an
// attempt, and ends it when the server refuses.
func (b *Bus) permitted(ctx context.Context, verb string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.AttemptTimeout)
	defer cancel()
	ctx, deny := context.WithCancelCause(ctx)
	defer deny(nil)
	defer b.denials.watch(apiPrefix+verb, deny)()
	err := do(ctx)
	if denied, ok := errors.AsType[*events.DeniedError](context.Cause(ctx)); ok && err != nil {
		return denied
	}
	return err
}

// wildcards begin subjects behind which there are accounts, or what is new each time.
var wildcards = []string{
	logPrefix + ".", prePrefix + ".", leasePrefix + ".", waitPrefix + ".", claimPrefix + ".", toPrefix + ".", probePrefix + ".",
	takePrefix + ".", servicePrefix + ".", framePrefix + ".", publicPrefix + ".",
}

// permissionFor is what a permission has to name for a subject: one that names an account,
// which stands in no log, is generalized.
func permissionFor(subject string) string {
	for _, prefix := range wildcards {
		if strings.HasPrefix(subject, prefix) {
			return prefix + ">"
		}
	}
	tokens := strings.Split(subject, ".")
	keep := len(tokens)
	switch {
	case tokens[0] == "$SRV":
		keep = 1
	case tokens[0] == "$KV":
		keep = 2
	case strings.HasPrefix(subject, apiPrefix+"CONSUMER.MSG.NEXT."):
		keep = 6
	case strings.HasPrefix(subject, apiPrefix+"CONSUMER."):
		keep = 5
	}
	if keep >= len(tokens) {
		return subject
	}
	return strings.Join(tokens[:keep], ".") + ".>"
}
