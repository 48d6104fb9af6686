package web

// overview shows how things stand.
func overview(v *visit) (*shown, error) {
	var body struct {
		Table      struct{ Accounts, Sessions, Available, Detached int }
		Connectors struct{ Items []connector }
	}
	if err := v.ask("The table", "/v1/table", nil, &body.Table); err != nil {
		return nil, err
	}
	if err := v.ask("Connectors", "/v1/connectors", nil, &body.Connectors); err != nil {
		return nil, err
	}
	return &shown{template: "overview", Title: "Overview", Live: "?class=session", Body: body}, nil
}
