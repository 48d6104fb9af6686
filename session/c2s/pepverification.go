package c2s

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"rollcall/session/stanza"
)

// The verification string of a client's capabilities: XEP-0115, 5.1. It is how
// one client's answer is believed for all that say the same string, so an answer
// that could be read in two ways has none (5.4 and 9).

const nsXML = "http://www.w3.org/XML/1998/namespace"

// verificationOf computes the string from an answer, or returns "".
func verificationOf(query *stanza.Element) string {
	var identities, features []string
	var forms []verified
	for el := range query.Children() {
		switch {
		case el.Is(stanza.NSDiscoInfo, "identity"):
			if strings.ContainsAny(el.Attr("category"), "/:") {
				return "" // a feature in disguise: http://... has as many slashes
			}
			lang, _ := el.LookupAttr(nsXML, "lang")
			identities = append(identities, strings.Join([]string{el.Attr("category"), el.Attr("type"), lang, el.Attr("name")}, "/"))
		case el.Is(stanza.NSDiscoInfo, "feature"):
			features = append(features, el.Attr("var"))
		case el.Is(nsForm, "x"):
			forms = append(forms, verifiedForm(el))
		}
	}
	slices.Sort(identities)
	slices.Sort(features)
	var b strings.Builder
	for _, part := range slices.Concat(identities, features) {
		if strings.Contains(part, "<") {
			return "" // it is what separates the parts
		}
		b.WriteString(part + "<")
	}
	sum := sha1.Sum([]byte(b.String() + inOrder(forms)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A verified part of a form has a name, by which it is sorted, and adds a text.
type verified struct{ name, text string }

func inOrder(parts []verified) string {
	slices.SortFunc(parts, func(a, b verified) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// verifiedForm is what a form (XEP-0128) adds, nothing if it has no type.
func verifiedForm(x *stanza.Element) (form verified) {
	var fields []verified
	for f := range x.Children() {
		name := f.Attr("var")
		switch {
		case name == "FORM_TYPE" && f.Attr("type") == "hidden":
			form.name = f.Child(nsForm, "value").Text()
		case name != "FORM_TYPE" && f.Is(nsForm, "field"):
			fields = append(fields, verified{name, verifiedField(f)})
		}
	}
	if form.name != "" {
		form.text = form.name + "<" + inOrder(fields)
	}
	return form
}

func verifiedField(f *stanza.Element) string {
	var list []string
	for v := range f.Children() {
		if v.Is(nsForm, "value") {
			list = append(list, v.Text())
		}
	}
	slices.Sort(list)
	return strings.Join(append([]string{f.Attr("var")}, append(list, "")...), "<")
}
