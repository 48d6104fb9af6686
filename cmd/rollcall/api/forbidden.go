package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// forbidden says why a token may not ask, and how it may if it can.
func (q *question) forbidden() error {
	detail, scope := fmt.Sprintf("this token does not have the scope %s; rollcall token add NAME --scope %[1]s makes one that has it", q.route.Scope), q.route.Scope
	switch accounts := q.accounts(); {
	case q.earlier:
		detail, scope = "this token was made for an earlier account of this name; make another with rollcall token add", ""
	case len(accounts) > 0 && q.route.Scope != access.Kick && q.route.Scope != access.Audit:
		detail = "this token is for " + strings.Join(accounts, " and ") + " alone" + q.advice(accounts)
	}
	return Problem{Status: http.StatusForbidden, Detail: detail, Scope: scope}
}

// accounts are those that the token is for by themselves.
func (q *question) accounts() (list []string) {
	for account := range q.by.Accounts() {
		list = append(list, account.String())
	}
	return list
}

// advice is how a question becomes one about the accounts that the token is for.
func (q *question) advice(accounts []string) string {
	name, own := subjects[q.route.Pattern]
	switch {
	case !own:
		name = "account"
	case name == "":
		return ": this is about everybody, and for the scope " + string(q.route.Scope)
	}
	if !q.about.IsZero() {
		if slices.Contains(accounts, q.about.String()) {
			return ": this is about others too"
		}
		return ", not for " + q.about.String()
	}
	return ": add " + name + "=" + strings.Join(accounts, " or ")
}
