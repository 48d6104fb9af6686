package commands

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	adminNS   = "http://jabber.org/protocol/admin"
	adminNode = adminNS + "#"
	ownNode   = "urn:rollcall:commands:0#"
	// maxAccounts bounds those that one form may name.
	maxAccounts = 100
)

// A field is one of a form (XEP-0004, 3.2).
type field struct {
	name, kind, label string
	required          bool
	options           []string
}

// node is the command's name for clients: XEP-0133's, or one of our own.
func (c *command) node() string {
	if c.own {
		return ownNode + c.name
	}
	return adminNode + c.name
}

// form writes the command's, to be filled in. offered are the options of a field that has
// others for each client.
func (c *command) form(offered []string) string {
	b := []byte("<x xmlns='" + stanza.NSForms + "' type='form'><title>")
	b = append(stanza.AppendText(b, c.title), "</title><instructions>"...)
	b = append(stanza.AppendText(b, c.instructions), "</instructions>"...)
	b = appendFormType(b)
	for _, f := range c.fields {
		if f.kind == "list-single" && f.options == nil {
			f.options = offered
		}
		b = appendField(b, f, nil)
	}
	return string(append(b, "</x>"...))
}

// resultOf writes a form of one field, filled in.
func resultOf(f field, values ...string) string {
	b := appendFormType([]byte("<x xmlns='" + stanza.NSForms + "' type='result'>"))
	return string(append(appendField(b, f, values), "</x>"...))
}

func appendFormType(b []byte) []byte {
	return append(b, "<field var='FORM_TYPE' type='hidden'><value>"+adminNS+"</value></field>"...)
}

func appendField(b []byte, f field, values []string) []byte {
	b = stanza.AppendAttr(append(b, "<field"...), "var", f.name)
	b = stanza.AppendAttr(stanza.AppendAttr(b, "type", f.kind), "label", f.label)
	b = append(b, '>')
	if f.required {
		b = append(b, "<required/>"...)
	}
	for _, v := range values {
		b = append(stanza.AppendText(append(b, "<value>"...), v), "</value>"...)
	}
	for _, o := range f.options {
		b = stanza.AppendAttr(append(b, "<option"...), "label", o)
		b = append(stanza.AppendText(append(b, "><value>"...), o), "</value></option>"...)
	}
	return append(b, "</field>"...)
}

// A form is one that a client has sent.
type form struct {
	kind   string // "" if there is none
	values map[string][]string
}

// formOf reads what a client sent. Its texts are copied: the element's memory is used again.
func formOf(el *stanza.Element) (f form) {
	x := el.Child(stanza.NSForms, "x")
	if x == nil {
		return f
	}
	f.kind, f.values = strings.Clone(x.Attr("type")), map[string][]string{}
	for c := range x.Children() {
		if !c.Is(stanza.NSForms, "field") {
			continue
		}
		name := strings.Clone(c.Attr("var"))
		for v := range c.Children() {
			if v.Is(stanza.NSForms, "value") {
				f.values[name] = append(f.values[name], strings.Clone(v.Text()))
			}
		}
	}
	return f
}

// value is the first of a field, "" if it has none.
func (f *form) value(name string) string {
	if all := f.values[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// check refuses a form that is not that of the command (XEP-0050, 4.2: bad-payload).
func (c *command) check(f form) error {
	switch {
	case c.fields == nil:
		return nil
	case f.kind != "submit":
		return badPayload("the form has to be filled in and submitted")
	case f.value("FORM_TYPE") != "" && f.value("FORM_TYPE") != adminNS:
		return badPayload("this is another form")
	}
	for _, field := range c.fields {
		values := f.values[field.name]
		if field.required && strings.Join(values, "") == "" {
			return badPayload(fmt.Sprintf("%s is required", field.name))
		}
		if field.options != nil && len(values) > 0 && !slices.Contains(field.options, values[0]) {
			return badPayload(fmt.Sprintf("%s can't be %q", field.name, values[0]))
		}
		if len(values) > maxAccounts && field.kind == "jid-multi" {
			return badPayload(fmt.Sprintf("more than %d accounts at once", maxAccounts))
		}
		if !strings.HasPrefix(field.kind, "jid-") {
			continue
		}
		for _, v := range values {
			if j, err := events.ParseJID(v); v != "" && (err != nil || j.Local() == "") {
				return badPayload(fmt.Sprintf("%q is not user@domain", v))
			}
		}
	}
	return nil
}

// jids are those of a field that check has passed.
func (f *form) jids(name string) (list []events.JID) {
	for _, v := range f.values[name] {
		if j, err := events.ParseJID(v); err == nil && !slices.Contains(list, j) {
			list = append(list, j)
		}
	}
	return list
}
