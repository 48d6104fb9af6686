package main

import (
	"context"
	"fmt"
	"sync"

	"rollcall/events"
	"rollcall/session"
)

// cliName is the connector that the records of the command line name. It never
// holds a session.
const cliName = "cli"

// logAccounts folds single accounts from the log as they are needed, so that a
// short-lived command can decide on them without the whole table. It
// implements session.Accounts.
type logAccounts struct {
	log events.Log

	mu    sync.Mutex
	known map[events.JID]*session.Account // guarded by mu
}

// newWriter returns a service that appends in the name of the command line.
func newWriter(log events.Log) (*session.Service, *logAccounts) {
	a := &logAccounts{log: log, known: make(map[events.JID]*session.Account)}
	return session.NewService(session.Config{
		Log: log, Accounts: a, Connector: events.Incarnation{Name: cliName},
	}), a
}

// Account implements session.Accounts. It knows what load or WaitFor read; a
// decision on less than that is overtaken, and WaitFor reads the rest.
func (l *logAccounts) Account(account events.JID) *session.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[account]
}

// WaitFor implements session.Accounts: it reads the history of the account
// whose record is at that position.
func (l *logAccounts) WaitFor(ctx context.Context, p events.Position) error {
	for st, err := range l.log.Read(ctx, events.Range{After: p.Seq - 1, To: p.Seq}) {
		if err != nil {
			return err
		}
		_, err := l.load(ctx, st.JID.Bare())
		return err
	}
	return fmt.Errorf("record %d: %w", p.Seq, events.ErrNotFound)
}

// load folds what is new of an account's history. An account without a history
// is nil.
func (l *logAccounts) load(ctx context.Context, account events.JID) (*session.Account, error) {
	a := l.Account(account)
	span := events.Range{Account: account}
	if a != nil {
		span.After = a.Seq
	}
	for st, err := range l.log.Read(ctx, span) {
		if events.IsPoison(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", account, err)
		}
		a = session.Apply(a, st)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[account] = a
	return a, nil
}

// forget drops what was folded, for a command that touches many accounts.
func (l *logAccounts) forget(account events.JID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, account)
}
