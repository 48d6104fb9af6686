package bus

import (
	"errors"
	"net/url"
	"strings"
)

// Address says where the servers are, for people to read: without the passwords
// and tokens that a URL may have.
func (b *Bus) Address() string {
	if b.cfg.InProcess != nil {
		return "the server in this process"
	}
	return redacted(b.cfg.URL)
}

// redacted is a list of URLs without secrets. One that can't be parsed may be
// secret in any part.
func redacted(urls string) string {
	list := strings.Split(urls, ",")
	for i, text := range list {
		list[i] = redactedURL(strings.TrimSpace(text))
	}
	return strings.Join(list, ",")
}

func redactedURL(text string) string {
	if !strings.Contains(text, "@") {
		return text // host:port is not a URL, but nothing is secret in it
	}
	if !strings.Contains(text, "://") {
		text = "nats://" + text // as the client reads it
	}
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return "(not a URL)"
	}
	if _, named := u.User.Password(); !named { // it is a token
		u.User = url.User("xxxxx")
	}
	return u.Redacted()
}

// withoutURL is an error of the client without the URL that it may repeat.
func withoutURL(err error) error {
	var bad *url.Error
	if errors.As(err, &bad) {
		return bad.Err
	}
	return err
}
