package access

import (
	"errors"
	"fmt"
	"strings"
)

// A Viewer is what somebody may be with a browser.
type Viewer struct {
	Name   string
	Scopes []Scope
}

// Viewers are all of them, from the one who may least.
var Viewers = []Viewer{
	{"reader", []Scope{Read}},
	{"operator", []Scope{Read, ReadAddress, Kick, Moderate, Operate}},
	{"auditor", []Scope{Read, ReadAddress, Export, Audit}},
	{"admin", []Scope{Admin}},
}

// ErrViewer: nobody is that.
var ErrViewer = errors.New("no such viewer")

// ViewerOf finds one by its name. It fails with ErrViewer.
func ViewerOf(name string) (Viewer, error) {
	var names []string
	for _, v := range Viewers {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	last := len(names) - 1
	return Viewer{}, fmt.Errorf("%w as %q: there are %s and %s", ErrViewer, name, strings.Join(names[:last], ", "), names[last])
}
