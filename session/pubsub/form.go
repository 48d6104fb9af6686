package pubsub

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The forms (XEP-0004) by which nodes are configured (XEP-0060, 16.4.4), and
// which say what a node must be like that is published to (7.1.5).

// The fields of a node's form that are more than an opinion.
const (
	fieldAccess  = "pubsub#access_model"
	fieldGroups  = "pubsub#roster_groups_allowed"
	fieldMax     = "pubsub#max_items"
	fieldPersist = "pubsub#persist_items"
	fieldLast    = "pubsub#send_last_published_item"
)

// fixedFields can have these values only; an empty one leaves it to the server.
var fixedFields = map[string][]string{
	"pubsub#publish_model": {"publishers", ""},
	"pubsub#item_expire":   {"max", ""},
}

// freeFields may have any value, as it has no consequence.
var freeFields = []string{
	"pubsub#type", "pubsub#title", "pubsub#description", "pubsub#language",
	"pubsub#notify_retract", "pubsub#notify_delete", "pubsub#notify_config", "pubsub#notify_sub",
	"pubsub#deliver_payloads", "pubsub#deliver_notifications", "pubsub#notification_type", "pubsub#itemreply",
	"pubsub#presence_based_delivery", "pubsub#purge_offline", "pubsub#max_payload_size", "pubsub#subscribe",
}

var (
	accessModels = map[string]pep.Access{
		"presence": pep.Presence, "open": pep.Open, "whitelist": pep.Whitelist, "roster": pep.Roster,
	}
	booleans = map[string]bool{"1": true, "true": true, "0": false, "false": false}
	// silence is what is said about the last item, as whether it is not shown to
	// a contact that becomes available.
	silence = map[string]bool{"never": true, "on_sub_and_presence": false, "on_sub": false}
)

// parseOptions reads a form in el as a change of a configuration; nil if there
// is none. An option that is not supported is refused, so that nobody is led to
// believe that something is private.
func parseOptions(el *stanza.Element) (func(pep.Config) pep.Config, error) {
	form := el.Child(stanza.NSForms, "x")
	if form == nil || form.Attr("type") == "cancel" {
		return nil, nil
	}
	var steps []func(*pep.Config)
	for f := range form.Children() {
		if !f.Is(stanza.NSForms, "field") || f.Attr("var") == "FORM_TYPE" {
			continue
		}
		step, err := parseField(f)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return func(c pep.Config) pep.Config {
		for _, step := range steps {
			step(&c)
		}
		return c
	}, nil
}

// parseField reads one field as a step of the change. A field of no known name is
// refused like a value that can't be had.
func parseField(f *stanza.Element) (func(*pep.Config), error) {
	name, value := f.Attr("var"), f.Child(stanza.NSForms, "value").Text()
	ok := true
	var step func(*pep.Config)
	switch name {
	case fieldAccess:
		var a pep.Access
		if a, ok = accessModels[value]; !ok {
			return nil, appError(stanza.NotAcceptable, "unsupported-access-model")
		}
		step = func(c *pep.Config) { c.Access = a }
	case fieldGroups:
		groups := values(f)
		step = func(c *pep.Config) { c.Groups = groups }
	case fieldMax:
		var n int
		n, ok = parseMax(value)
		step = func(c *pep.Config) { c.MaxItems = n }
	case fieldPersist:
		var keep bool
		keep, ok = booleans[value]
		step = func(c *pep.Config) { c.Fleeting = !keep }
	case fieldLast:
		var silent bool
		silent, ok = silence[value]
		step = func(c *pep.Config) { c.Silent = silent }
	default:
		ok = slices.Contains(fixedFields[name], value) || slices.Contains(freeFields, name)
		step = func(*pep.Config) {}
	}
	if !ok {
		return nil, &stanza.Error{Condition: stanza.NotAcceptable, Text: fmt.Sprintf("%s can't be %q", name, value)}
	}
	return step, nil
}

// values are those of a field, sorted, each once.
func values(f *stanza.Element) (list []string) {
	for v := range f.Children() {
		if v.Is(stanza.NSForms, "value") && v.Text() != "" {
			list = append(list, v.Text())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// parseMax takes more than there can be for as many as there can.
func parseMax(value string) (int, bool) {
	if value == "max" {
		return pep.MaxItems, true
	}
	n, err := strconv.ParseUint(value, 10, 31)
	return int(min(n, pep.MaxItems)), err == nil && n > 0
}

// appendConfig is the form to change a configuration by, for the owner of the
// roster.
func appendConfig(b []byte, c pep.Config, r *roster.Roster) []byte {
	b = append(b, "<x xmlns='"+stanza.NSForms+"' type='form'>"...)
	b = appendField(b, "FORM_TYPE", "hidden", nil, NS+"#node_config")
	access, models := "", slices.Sorted(maps.Keys(accessModels))
	for _, name := range models {
		if accessModels[name] == c.Access {
			access = name
		}
	}
	b = appendField(b, fieldAccess, "list-single", models, access)
	if groups := groupsOf(r, c.Groups); len(groups) > 0 {
		b = appendField(b, fieldGroups, "list-multi", groups, c.Groups...)
	}
	b = appendField(b, fieldMax, "text-single", nil, strconv.Itoa(max(c.MaxItems, 1)))
	b = appendField(b, fieldPersist, "boolean", nil, strconv.FormatBool(!c.Fleeting))
	last := "on_sub_and_presence"
	if c.Silent {
		last = "never"
	}
	b = appendField(b, fieldLast, "list-single", []string{"never", "on_sub_and_presence"}, last)
	return append(b, "</x>"...)
}

// groupsOf are the groups that there are to choose, and those that are chosen.
func groupsOf(r *roster.Roster, chosen []string) []string {
	list := slices.Clone(chosen)
	for item := range r.Items() {
		list = append(list, item.Groups...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// appendField writes a field with its values and the options that it has
// (XEP-0004, 3.3). The kind is its type.
func appendField(b []byte, name, kind string, options []string, values ...string) []byte {
	value := func(v string) { b = append(stanza.AppendText(append(b, "<value>"...), v), "</value>"...) }
	b = append(stanza.AppendAttr(append(b, "<field"...), "var", name), " type='"+kind+"'>"...)
	for _, v := range values {
		value(v)
	}
	for _, o := range options {
		b = append(b, "<option>"...)
		value(o)
		b = append(b, "</option>"...)
	}
	return append(b, "</field>"...)
}
