package guess

// Sizes are the numbers of entries.
func (l *Limiter) Sizes() (pairs, accounts, networks, known int) {
	return len(l.pairs.entries), len(l.accounts.entries), len(l.networks.entries), len(l.known.entries)
}
