package web

import (
	"fmt"
	"strings"
)

// A field is an input of a form, with what is wrong with what was typed there.
type field struct {
	Name, Label, Example, Value string
	Wrong                       string // "": nothing is
}

// Field is an input, and what the problem says of it if it is of this input.
func (*visit) Field(name, label, example, value string, fault problem) field {
	f := field{Name: name, Label: label, Example: example, Value: value}
	if fault.Parameter == name {
		if f.Wrong = strings.TrimPrefix(fault.Detail, name+": "); fault.Scope != "" {
			f.Wrong = fmt.Sprintf("this needs the scope %s, which you don't have; %s prints a link that has it", fault.Scope, asWhom(fault.Scope))
		}
	}
	return f
}

// Moment is a Field of a moment, which shows one that is right as the page shows times.
func (v *visit) Moment(name, label, example, value string, fault problem) field {
	f := v.Field(name, label, example, value, fault)
	if f.Wrong == "" {
		f.Value = v.asTyped(value)
	}
	return f
}
