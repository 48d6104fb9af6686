package load

import (
	"context"
	"errors"
	"fmt"
)

// text is the body of a chat message of ordinary length.
const text = "Where shall we meet tomorrow? The usual place is closed, I hear."

// messages has l.Pairs users write to one other each, l.Window messages on
// their way.
func messages(ctx context.Context, s *Server, l *Load) (*Round, error) {
	all, err := pairs(ctx, s, l)
	if err != nil {
		return nil, err
	}
	var flows []*flow
	for i := 0; i < len(all); i += 2 {
		flows = append(flows, &flow{
			from: all[i], to: all[i+1 : i+2], window: l.Window, mark: "</message>",
			stanzas: [][]byte{fmt.Appendf(nil, "<message to='%s' id='m' type='chat'><body>%s</body></message>", all[i+1].jid, text)},
		})
	}
	r, err := run(ctx, s, flows, l)
	return r, errors.Join(err, all.leave())
}

// pairs logs 2 * l.Pairs users in: those who write at the server's first
// address, those who read at its last.
func pairs(ctx context.Context, s *Server, l *Load) (crowd, error) {
	var seats []seat
	for i := range l.Pairs {
		seats = append(seats, seat{s.first(), user(2 * i), "load"}, seat{s.last(), user(2*i + 1), "load"})
	}
	all, err := gather(ctx, s, seats, nil)
	if err != nil {
		return nil, err
	}
	return all, all.settle()
}
