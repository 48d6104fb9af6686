package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// Where a browser finds the pages of a service, and the link that lets one in.

// defaultViewer is whom a link is for unless it is said otherwise.
const defaultViewer = "operator"

// A face is where a process answers browsers. Others learn of it on NATS.
type face struct {
	Host  string // the machine's name
	HTTP  string // address of this machine alone; "": there is none
	HTTPS string // and of whoever reaches it
}

func (l *listeners) face() face {
	host, _ := os.Hostname()
	return face{Host: host, HTTP: address(l.api), HTTPS: address(l.apiTLS)}
}

func (f face) metadata() map[string]string {
	return map[string]string{"host": f.Host, "http": f.HTTP, "https": f.HTTPS}
}

// url is how a browser on a machine reaches it, "" if it can't. The address of a listener for
// all that a machine has is reached by the machine's name.
func (f face) url(from string) string {
	switch {
	case f.HTTP != "" && f.Host == from:
		return "http://" + f.HTTP
	case f.HTTPS == "":
		return ""
	}
	host, port, err := net.SplitHostPort(f.HTTPS)
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = cmp.Or(f.Host, host)
	}
	return "https://" + net.JoinHostPort(host, port)
}

// faceURL looks for a process that a browser of this machine reaches.
func faceURL(ctx context.Context, b *bus.Bus) (string, error) {
	list, err := b.Serving(ctx)
	if err != nil {
		return "", err
	}
	here, _ := os.Hostname()
	var far face
	for _, told := range list {
		f := face{Host: told["host"], HTTP: told["http"], HTTPS: told["https"]}
		if found := f.url(here); found != "" {
			return found, nil
		}
		if f.HTTP != "" {
			far = f
		}
	}
	if far.HTTP != "" {
		return "", fmt.Errorf("--http %s is for browsers on %s alone: run this there, or give --url and what leads there from here", printable(far.HTTP), printable(far.Host))
	}
	return "", errors.New("no process that runs tells of its --http: give --url, such as http://127.0.0.1:5288")
}

// checkFace reads a URL under which people reach the pages: they are at its root. "" is none.
func checkFace(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return "", usagef("--url: %q is no URL, such as https://xmpp.example.org:5289", text)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "", usagef("--url: the pages are at the root, so that nothing comes after %s", u.Host)
	}
	return u.Scheme + "://" + u.Host, nil
}

// loginURL makes a code for a viewer, and the link that has it.
func loginURL(ctx context.Context, b *bus.Bus, face string, as access.Viewer, now time.Time) (string, error) {
	_, who, _ := strings.Cut(string(operator()), " ")
	code, err := access.Offer(ctx, b.Tokens(), who, as.Scopes, now)
	if err != nil {
		return "", err
	}
	return face + "/login?code=" + code, nil
}

// tellFace says how to look at the service with a browser. A terminal, and whoever tries --demo,
// gets a link that lets an operator in; a log that is kept does not, since for 5 minutes the link
// is a secret.
func tellFace(ctx context.Context, c *console, line func(label, format string, args ...any), n *node) {
	at := n.listeners.face()
	url := at.url(at.Host)
	if url == "" {
		return
	}
	const how = "rollcall web prints a link that logs in"
	if !c.outTerminal() && !n.cfg.Demo {
		line("browser", "%s", how)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	viewer, err := access.ViewerOf(defaultViewer)
	if err == nil {
		url, err = loginURL(ctx, n.bus, url, viewer, time.Now())
	}
	if err != nil {
		line("browser", "%s (none could be made now: %s)", how, oneLine(err))
		return
	}
	line("browser", "%s", url)
	line("", "(logs in an operator, once, within 5 minutes; rollcall web prints others)")
}
