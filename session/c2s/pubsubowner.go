package c2s

import (
	"fmt"
	"strconv"

	"rollcall/session/pep"
	"rollcall/session/stanza"
)

// What an owner does with its nodes: XEP-0060, 8, and the forms (XEP-0004) by
// which nodes are configured.

const nsForm = "jabber:x:data"

func (cl *client) ownerGet(r *request) error {
	if !cl.owns(r) {
		return refuse(stanza.Forbidden)
	}
	el := r.payload.First()
	var c pep.Config
	switch {
	case el.Is(nsPubSubOwner, "default"):
	case el.Is(nsPubSubOwner, "configure"):
		n, err := cl.readable(r, eventKey(el))
		if err != nil {
			return err
		}
		c = n.Config
	default:
		return unsupported("manage-affiliations")
	}
	b := []byte("<pubsub xmlns='" + nsPubSubOwner + "'><" + el.Local())
	if node := el.Attr("node"); node != "" {
		b = stanza.AppendAttr(b, "node", node)
	}
	b = appendConfig(append(b, '>'), c)
	cl.result(r.iq, string(b)+"</"+el.Local()+"></pubsub>")
	return nil
}

func (cl *client) ownerSet(r *request) error {
	if !cl.owns(r) {
		return refuse(stanza.Forbidden)
	}
	el := r.payload.First()
	k := eventKey(el)
	switch {
	case k.Name == "":
		return pubSubError(stanza.BadRequest, "nodeid-required")
	case el.Is(nsPubSubOwner, "configure"):
		return cl.configure(r, k, el, false)
	case el.Is(nsPubSubOwner, "delete"):
		return cl.clearNode(r, k, (*pep.Store).Delete, "delete")
	case el.Is(nsPubSubOwner, "purge"):
		return cl.clearNode(r, k, (*pep.Store).Purge, "purge")
	}
	return unsupported("manage-affiliations")
}

// configure makes a node, or changes one.
func (cl *client) configure(r *request, k pep.Key, form *stanza.Element, make bool) error {
	options, err := parseOptions(form)
	if err != nil {
		return err
	}
	_, err = cl.change(func(s *pep.Store) (*pep.Store, error) {
		n := s.Node(k)
		switch {
		case n == nil && !make:
			return nil, pep.ErrNoNode
		case n != nil && make:
			return nil, refuse(stanza.Conflict)
		case n == nil:
			n = &pep.Node{}
		}
		c := n.Config
		if options != nil {
			c = options(c)
		}
		return s.Configure(k, c)
	})
	if err != nil {
		return err
	}
	return cl.done(r)
}

// clearNode deletes a node or its items, and shows it to whom the node was
// shown.
func (cl *client) clearNode(r *request, k pep.Key, clear func(*pep.Store, pep.Key) (*pep.Store, error), event string) error {
	var was *pep.Node
	_, err := cl.change(func(s *pep.Store) (*pep.Store, error) {
		was = s.Node(k)
		return clear(s, k)
	})
	if err != nil {
		return err
	}
	cl.result(r.iq, "")
	b := stanza.AppendAttr([]byte("<"+event), "node", k.Name)
	cl.notifyWhole(was, append(b, "/>"...))
	return nil
}

// The fields of a node's form that are more than an opinion.
const (
	fieldAccess  = "pubsub#access_model"
	fieldMax     = "pubsub#max_items"
	fieldPersist = "pubsub#persist_items"
	fieldLast    = "pubsub#send_last_published_item"
)

// parseOptions reads a form in el as a change of a configuration; nil if there
// is none. What is not supported is refused, so that nobody is led to believe
// that something is private.
func parseOptions(el *stanza.Element) (func(pep.Config) pep.Config, error) {
	form := el.Child(nsForm, "x")
	if form == nil || form.Attr("type") == "cancel" {
		return nil, nil
	}
	var steps []func(*pep.Config)
	for f := range form.Children() {
		if !f.Is(nsForm, "field") || f.Attr("var") == "FORM_TYPE" {
			continue
		}
		step, err := parseField(f.Attr("var"), f.Child(nsForm, "value").Text())
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

func parseField(name, value string) (func(*pep.Config), error) {
	bad := func() error {
		return &stanza.Error{Condition: stanza.NotAcceptable, Text: fmt.Sprintf("%s can't be %q", name, value)}
	}
	switch name {
	case fieldAccess:
		a, ok := accessModels[value]
		if !ok {
			return nil, bad()
		}
		return func(c *pep.Config) { c.Access = a }, nil
	case fieldMax:
		n, err := strconv.ParseUint(value, 10, 31)
		if value == "max" || err == nil && n > pep.MaxItems {
			n, err = pep.MaxItems, nil
		}
		if err != nil || n == 0 {
			return nil, bad()
		}
		return func(c *pep.Config) { c.MaxItems = int(n) }, nil
	case fieldPersist:
		return func(c *pep.Config) { c.Fleeting = value != "1" && value != "true" }, nil
	case fieldLast:
		return func(c *pep.Config) { c.Silent = value == "never" }, nil
	case "pubsub#title", "pubsub#description", "pubsub#type", "pubsub#notify_retract", "pubsub#notify_delete",
		"pubsub#notify_config", "pubsub#notify_sub", "pubsub#deliver_payloads", "pubsub#deliver_notifications",
		"pubsub#notification_type", "pubsub#purge_offline", "pubsub#presence_based_delivery", "pubsub#itemreply",
		"pubsub#publish_model", "pubsub#max_payload_size", "pubsub#subscribe", "pubsub#roster_groups_allowed":
		return func(*pep.Config) {}, nil // as it is anyway, or of no consequence
	}
	return nil, bad()
}

var accessModels = map[string]pep.Access{"presence": pep.Presence, "open": pep.Open, "whitelist": pep.Whitelist}

func appendConfig(b []byte, c pep.Config) []byte {
	field := func(name, kind, value string) {
		b = append(stanza.AppendAttr(append(b, "<field"...), "var", name), " type='"+kind+"'><value>"...)
		b = append(stanza.AppendText(b, value), "</value></field>"...)
	}
	b = append(b, "<x xmlns='"+nsForm+"' type='form'>"...)
	field("FORM_TYPE", "hidden", nsPubSub+"#node_config")
	for name, a := range accessModels {
		if a == c.Access {
			field(fieldAccess, "list-single", name)
		}
	}
	field(fieldMax, "text-single", strconv.Itoa(max(c.MaxItems, 1)))
	field(fieldPersist, "boolean", strconv.FormatBool(!c.Fleeting))
	last := "on_sub_and_presence"
	if c.Silent {
		last = "never"
	}
	field(fieldLast, "list-single", last)
	return append(b, "</x>"...)
}
