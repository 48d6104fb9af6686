package guess

// A Try is one password that a client has sent. The zero Try is open, and nothing is
// counted of it.
type Try struct {
	limiter *Limiter // nil: it is over, or never began
	client  Client
	now     int32
	ruling  Ruling
	place   uint32 // whose bucket it is from, if it is veiled
}

// Ruling says what becomes of the try.
func (t *Try) Ruling() Ruling { return t.ruling }

// Failed says that the password was wrong, as the try is counted already.
func (t *Try) Failed() { t.limiter = nil }

// Void says that nothing was learnt about the password: the try is not counted.
func (t *Try) Void() { t.end(func(*Limiter) {}) }

// Succeeded says that the password was right and that the client is in: the try is not
// counted, and where the client is is one of the account's places from now on.
func (t *Try) Succeeded() {
	t.end(func(l *Limiter) {
		l.learn(t.client, t.now)
		list := l.known.get(l.key(t.client.Account))
		for _, key := range l.placeKeys(t.client) { // whoever has the password is the owner
			if p := list.find(key, t.now); p != nil {
				p.level = 0
			}
		}
	})
}

// end takes back what Begin has counted, and does what is to be done under the lock.
func (t *Try) end(and func(*Limiter)) {
	l := t.limiter
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.limiter, t.now = nil, l.seconds(l.now())
	switch t.ruling {
	case Open:
		l.count(t, -1)
	case Veiled:
		if p := l.known.get(l.key(t.client.Account)).find(t.place, t.now); p != nil {
			p.level = max(0, p.level-1)
		}
	}
	and(l)
}
