package web

import "net/url"

// sessions lists those that there are, now or at a moment.
func sessions(v *visit) (*shown, error) {
	var body struct {
		At       uint64
		Whole    bool
		Items    []session
		Next     string
		Complete bool
	}
	asked := url.Values{}
	for _, name := range [...]string{"at", "filter", "connector", "account", "after"} {
		if value := v.value(name); value != "" {
			asked.Set(name, value)
		}
	}
	if err := v.ask("Sessions", "/v1/sessions", asked, &body); err != nil {
		return nil, err
	}
	s := &shown{template: "sessions", Title: "Sessions", Body: body}
	if !asked.Has("at") {
		s.Live = "?class=session"
	}
	return s, nil
}
