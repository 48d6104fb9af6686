package main

import "testing"

// A link leads where the browser is that opens it.
func TestALinkLeadsWhereABrowserGets(t *testing.T) {
	t.Parallel()
	const plain, secure = "127.0.0.1:5288", "0.0.0.0:5289"
	for _, c := range []struct {
		face
		from, want string
	}{
		{face{"web1", plain, secure}, "web1", "http://127.0.0.1:5288"},
		{face{"web1", plain, secure}, "web2", "https://web1:5289"},
		{face{"web1", plain, ""}, "web2", ""},
		{face{"web1", "", "[::]:5289"}, "web1", "https://web1:5289"},
		{face{"web1", "", "192.0.2.7:5289"}, "web2", "https://192.0.2.7:5289"},
		{face{"", "", secure}, "web2", "https://0.0.0.0:5289"},
		{face{"web1", "[::1]:5288", ""}, "web1", "http://[::1]:5288"},
		{face{}, "web1", ""}, {face{"web1", "", "5289"}, "web1", ""},
	} {
		if got := c.url(c.from); got != c.want {
			t.Errorf("%+v from %s: %q, want %q", c.face, c.from, got, c.want)
		}
	}
}
