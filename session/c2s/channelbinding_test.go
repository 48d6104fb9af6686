package c2s_test

import (
	"crypto/tls"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

const (
	typeExporter = "<channel-binding type='tls-exporter'/>"
	typeEndPoint = "<channel-binding type='tls-server-end-point'/>"
)

// bindTo logs in by SASL2 and binds to the channel as a client sees it.
func (l *line) bindTo(binding scram.ChannelBinding, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	client, err := scram.SHA256.NewClient("alice", password, "")
	if err != nil {
		l.t.Fatal(err)
	}
	conv := client.NewConversationWithChannelBinding(binding)
	step := func(challenge string) string {
		answer, err := conv.Step(challenge)
		if err != nil {
			l.t.Fatal(err)
		}
		return answer
	}
	l.say("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'><initial-response>" + encode(step("")) +
		"</initial-response><bind xmlns='urn:xmpp:bind:0'/></authenticate>")
	final := step(decode(l.t, l.hear("<challenge")))
	l.say("<response xmlns='urn:xmpp:sasl:2'>" + encode(final) + "</response>")
	success := l.hear("<bound xmlns='urn:xmpp:bind:0'/>")
	_, data, _ := strings.Cut(success, "<additional-data")
	if step(decode(l.t, data)); !conv.Valid() {
		l.t.Error("the server has not proved that it knows the password")
	}
	l.hear("<stream:features")
	l.end()
}

// The -PLUS mechanisms are for those clients that are told the types of binding.
func TestSASL2BindsTheChannelWithoutBeingConfigured(t *testing.T) {
	w := secureWorld(t, nil)
	address := w.listen((*c2s.Server).ServeTLS)
	for _, bind := range []func(*tls.ConnectionState) (scram.ChannelBinding, error){
		scram.NewTLSExporterBinding, scram.NewTLSServerEndpointBinding,
	} {
		l := dial(t, address)
		state := l.secure()
		features := l.open()
		before, after, _ := strings.Cut(features, "</mechanisms>")
		if strings.Contains(before, "-PLUS") || !strings.Contains(after, "SCRAM-SHA-256-PLUS") ||
			!strings.Contains(after, typeExporter+typeEndPoint) {
			t.Errorf("features: %s", features)
		}
		l.bindTo(bind(&state))
	}
}

func TestSTARTTLSHasTheSameBindings(t *testing.T) {
	w := secureWorld(t, nil)
	l := dial(t, w.listen((*c2s.Server).Serve))
	l.open()
	l.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	l.hear("<proceed")
	state := l.secure()
	if features := l.open(); !strings.Contains(features, typeExporter+typeEndPoint) {
		t.Errorf("features: %s", features)
	}
	l.bindTo(scram.NewTLSServerEndpointBinding(&state))
}

// A renewed certificate does not matter to a client that has seen the one before.
func TestAClientBindsToTheCertificateThatItHasSeen(t *testing.T) {
	var now atomic.Pointer[tls.Certificate]
	old := selfSigned()
	now.Store(&old)
	w := secureWorld(t, func(c *c2s.Config) {
		c.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now.Load(), nil }
	})
	address := w.listen((*c2s.Server).ServeTLS)
	before := dial(t, address)
	seen := before.secure()
	renewed := newCertificate()
	now.Store(&renewed)
	after := dial(t, address)
	state := after.secureBy(&tls.Config{InsecureSkipVerify: true}) // it is trusted by nobody yet
	for _, l := range []struct {
		*line
		state *tls.ConnectionState
	}{{before, &seen}, {after, &state}} {
		l.open()
		l.bindTo(scram.NewTLSServerEndpointBinding(l.state))
	}
}

// TLS shows no certificate then, and that of the earlier connection may have
// been another one.
func TestAResumedTLSSessionHasNoCertificateToBindTo(t *testing.T) {
	w := secureWorld(t, nil)
	address := w.listen((*c2s.Server).ServeTLS)
	cfg := trusting(t)
	cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for _, resumed := range []bool{false, true} {
		l := dial(t, address)
		state := l.secureBy(cfg)
		features := l.open()
		if state.DidResume != resumed || strings.Contains(features, typeEndPoint) == resumed {
			t.Errorf("resumed: %v, want %v; features: %s", state.DidResume, resumed, features)
		}
		l.bindTo(scram.NewTLSExporterBinding(&state))
	}
}
