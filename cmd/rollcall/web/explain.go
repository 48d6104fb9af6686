package web

import (
	"net/url"
	"time"
)

// explained is why stanzas go where they go, and why somebody is shown to somebody else.
type explained struct {
	To, Of, Who, At string  // as asked
	Problem         problem // of what was typed
	Before          bool    // the log begins after the moment
	Route           *struct {
		Items       []verdict
		ClosedLater []struct {
			JID, Connector string
			Seq            uint64
			Time           time.Time
		} `json:"closed_later"`
	}
	Contacts *struct {
		At    uint64
		Whole bool
		Items []contact
	}
}

// A verdict says where a stanza of a kind goes.
type verdict struct {
	To, Stanza, Action, Error, Reason string
	Targets                           []struct {
		JID, Session, Connector string
		Priority                int
	}
}

// Words is the action for a person.
func (v verdict) Words() string {
	switch v.Action {
	case "deliver":
		return "is delivered"
	case "store":
		return "is stored until somebody logs in"
	case "answer":
		return "is answered by the server"
	case "refuse":
		return "is refused: " + v.Error
	case "drop":
		return "is dropped"
	}
	return v.Action
}

// A contact is one of a roster, as its owner sees it.
type contact struct {
	Contact, Name, Subscription, Reason string
	Ask, Online                         bool
	Sessions                            []struct{ JID, Connector string }
}

// explain answers why, now or at a moment.
func explain(v *visit) (*shown, error) {
	body := explained{To: v.value("to"), Of: v.value("of"), Who: v.value("who"), At: v.value("at")}
	s := &shown{template: "explain", Title: "Explain"}
	ask := func(what, path string, into any, params ...string) error {
		query := url.Values{}
		for _, name := range append(params, "at") {
			if value := v.value(name); value != "" {
				query.Set(name, value)
			}
		}
		err := v.ask(what, path, query, into)
		if p, ok := faultOf(err, append(params, "at")...); ok {
			body.Problem, s.Status = *p, p.Status
			return nil
		}
		return err
	}
	if body.To != "" {
		if err := ask("Where a stanza goes", "/v1/route", &body.Route, "to"); err != nil {
			return nil, err
		}
	}
	if body.Of != "" {
		if err := ask("Whom an account sees", "/v1/contacts", &body.Contacts, "of", "who"); err != nil {
			return nil, err
		}
	}
	if body.At != "" && (body.Route != nil || body.Contacts != nil) {
		var then struct{ At uint64 }
		if err := ask("What is known of the moment", "/v1/table", &then); err != nil {
			return nil, err
		}
		body.Before = then.At == 0
	}
	s.Body = body
	return s, nil
}
