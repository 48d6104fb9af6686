package web

import (
	"net/url"
	"strings"
	"time"
)

// A ban is one of a network.
type ban struct {
	Network    string
	Until      *time.Time // nil: until it is lifted
	Made       time.Time
	Reason, By string
}

// listBans lists those that have not ended.
func listBans(v *visit) (*shown, error) {
	var body struct{ Bans []ban }
	if err := v.ask("Bans", "/v1/bans", nil, &body); err != nil {
		return nil, err
	}
	return &shown{template: "bans", Title: "Banned networks", Body: body}, nil
}

// Lift is the page that asks whether to lift it.
func (b *ban) Lift() string { return "/bans/lift?" + url.Values{"network": {b.Network}}.Encode() }

// BanActions are those about networks that are not banned yet.
func (*visit) BanActions() []link { return []link{{"Ban a network…", "/bans/add"}} }

// addBan asks which network to ban. One that is rarely meant can be forced once the API has
// said why.
func addBan(v *visit) (*actionForm, error) {
	return &actionForm{
		Title: "Ban a network", Says: "Clients can't connect from there, and sessions of clients there end now.", Button: "Ban",
		Blanks: []blank{
			{Name: "network", Label: "Address or network", Example: "192.0.2.0/24", Value: v.value("network"), Kind: "text"},
			reasonBlank(), forBlank("For how long (empty: until it is lifted)"),
			{Name: "force", Label: "Ban it anyway", Kind: "later"},
		},
		Back: "/bans", of: "/v1/bans",
	}, nil
}

// liftBan asks whether to lift the ban of a network.
func liftBan(v *visit) (*actionForm, error) {
	network := v.value("network")
	return &actionForm{
		Title: "Lift the ban of " + network + "?", Says: "Clients can connect from there again.", Button: "Lift",
		Blanks: []blank{{Name: "network", Value: network, Kind: "hidden"}}, Back: "/bans", of: "/v1/bans",
	}, nil
}

// mayForce offers to do what the API has warned of.
func (f *actionForm) mayForce(p *problem) {
	for i := range f.Blanks {
		if f.Blanks[i].Name == "force" && strings.Contains(p.Detail, "force=true") {
			f.Blanks[i].Kind = "checkbox"
		}
	}
}
