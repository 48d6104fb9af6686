package c2s

import "github.com/rollcall-xmpp/rollcall/session/stanza"

// signUpForm is what a new account needs, said twice: in the fields of XEP-0077
// (3.1), and as a form (4), which is all that some clients know.
const signUpForm = "<query xmlns='" + nsRegister + "'>" +
	"<instructions>Choose a user name and a password.</instructions><username/><password/>" +
	"<x xmlns='" + stanza.NSForms + "' type='form'><instructions>Choose a user name and a password.</instructions>" +
	"<field var='FORM_TYPE' type='hidden'><value>" + nsRegister + "</value></field>" +
	"<field var='username' type='text-single' label='User name'><required/></field>" +
	"<field var='password' type='text-private' label='Password'><required/></field>" +
	"</x></query>"

// filledIn reads either; the form goes first (5).
func filledIn(query *stanza.Element) (username, password string) {
	form := query.Child(stanza.NSForms, "x")
	if form == nil {
		return query.Child(nsRegister, "username").Text(), query.Child(nsRegister, "password").Text()
	}
	for f := range form.Children() {
		value := f.Child(stanza.NSForms, "value").Text()
		switch f.Attr("var") {
		case "username":
			username = value
		case "password":
			password = value
		}
	}
	return username, password
}
