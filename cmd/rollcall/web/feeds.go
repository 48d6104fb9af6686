package web

import "time"

// feedsPage is what other programs get by themselves, and how far behind they are.
type feedsPage struct {
	Published *struct {
		First, Position uint64
		LagEvents       uint64     `json:"lag_events"`
		LagSince        *time.Time `json:"lag_since"`
		Made            time.Time
		Addresses       string
	}
	Items []struct {
		Name                                     string
		Subjects                                 []string
		From, Pending, Unacked, Delivered, Acked uint64
		Oldest, Active                           *time.Time
	}
}

// feeds shows the feeds.
func feeds(v *visit) (*shown, error) {
	var body feedsPage
	if err := v.ask("Feeds", "/v1/feeds", nil, &body); err != nil {
		return nil, err
	}
	return &shown{template: "feeds", Title: "Feeds", Live: "?class=session", Body: body, parts: []string{"now"}}, nil
}
