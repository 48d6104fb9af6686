package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// services are the ways in which a feed's programs may get into NATS.
var services = map[string]*service{
	"token":       {natsAccess: natsAccess{url: "nats://127.0.0.1:4222", discovered: "127.0.0.1:4222"}},
	"credentials": {natsAccess: natsAccess{url: "tls://nats.example:4222,tls://other.example:4222", creds: "/etc/rollcall/feeds.creds"}},
	"neither":     {natsAccess: natsAccess{url: "nats.example:4222"}},
}

// shown is what is shown for a program.
func shown(t *testing.T, svc *service, client string) string {
	t.Helper()
	var b bytes.Buffer
	if err := showClients(&b, svc, bus.Feed{Name: "night-shift", Subjects: []string{"rc.v1.pub.session.closed.*", "rc.v1.pub.log.*.*"}}, client); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parsed(t *testing.T, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// Vector's reference names these fields of a source nats, and requires the first four.
func TestWhatIsShownForVectorIsAConfigurationOfIt(t *testing.T) {
	t.Parallel()
	for name, svc := range services {
		var c struct {
			Sources map[string]struct {
				Type, URL, Subject string
				Name               string `yaml:"connection_name"`
				Jetstream          struct{ Stream, Consumer string }
				Auth               *struct {
					Strategy    string
					Token       struct{ Value string }
					Credentials struct{ Path string } `yaml:"credentials_file"`
				}
				Decoding struct{ Codec string }
			}
			Sinks map[string]struct {
				Type     string
				Inputs   []string
				Encoding struct{ Codec string }
			}
		}
		parsed(t, shown(t, svc, "vector"), &c)
		s := c.Sources["rollcall"]
		if s.Type != "nats" || s.URL == "" || s.Name == "" || s.Jetstream.Stream != bus.PublicStream || s.Jetstream.Consumer != "night-shift" || s.Decoding.Codec != "json" {
			t.Errorf("%s: the source is %+v", name, s)
		}
		if s.Subject != "rc.v1.pub.session.closed.*,rc.v1.pub.log.*.*" {
			t.Errorf("%s: the subject is %q", name, s.Subject)
		}
		got := "neither"
		if s.Auth != nil {
			got = map[string]string{"token${TOKEN}": "token", "credentials_file" + svc.creds: "credentials"}[s.Auth.Strategy+s.Auth.Token.Value+s.Auth.Credentials.Path]
		}
		if got != name {
			t.Errorf("%s: it shows who it is by %+v", name, s.Auth)
		}
		if len(c.Sinks["out"].Inputs) != 1 || c.Sinks["out"].Inputs[0] != "rollcall" {
			t.Errorf("%s: the sinks are %+v", name, c.Sinks)
		}
	}
}

// So does that of Redpanda Connect's input nats_jetstream.
func TestWhatIsShownForRedpandaConnectIsAConfigurationOfIt(t *testing.T) {
	t.Parallel()
	for name, svc := range services {
		var c struct {
			Input struct {
				Nats struct {
					URLs            []string
					Stream, Durable string
					Bind            bool
					Auth            struct {
						Credentials string `yaml:"user_credentials_file"`
					}
				} `yaml:"nats_jetstream"`
			}
			Output struct{ Stdout *struct{} }
		}
		parsed(t, shown(t, svc, "connect"), &c)
		in := c.Input.Nats
		want := map[string]string{"token": "nats://${TOKEN}@127.0.0.1:4222", "credentials": "tls://nats.example:4222", "neither": "nats.example:4222"}[name]
		if len(in.URLs) != 1 || in.URLs[0] != want || in.Stream != bus.PublicStream || in.Durable != "night-shift" || !in.Bind || in.Auth.Credentials != svc.creds || c.Output.Stdout == nil {
			t.Errorf("%s: it is %+v", name, c)
		}
	}
}

// ClickHouse's statements end where they should, and so do their texts.
func TestWhatIsShownForClickHouseIsThreeStatements(t *testing.T) {
	t.Parallel()
	for name, svc := range services {
		text := shown(t, svc, "clickhouse")
		if n := strings.Count(text, "'"); n%2 != 0 || strings.Count(text, "(") != strings.Count(text, ")") || strings.Contains(text, ",,") {
			t.Errorf("%s:\n%s", name, text)
		}
		for i, begin := range []string{"CREATE TABLE night_shift_queue (event String) ENGINE = NATS SETTINGS", "CREATE TABLE night_shift (", "CREATE MATERIALIZED VIEW night_shift_reader TO night_shift AS SELECT"} {
			parts := strings.Split(text, ";\n")
			if len(parts) != 4 || !strings.Contains(parts[i], begin) {
				t.Errorf("%s: statement %d of %d does not begin %s:\n%s", name, i+1, len(parts)-1, begin, text)
			}
		}
		settings := fmt.Sprintf("nats_token = 'TOKEN' %v, nats_credential_file %v", strings.Contains(text, "nats_token = 'TOKEN';"), strings.Contains(text, "nats_credential_file = '"+svc.creds+"',") && svc.creds != "")
		if want := fmt.Sprintf("nats_token = 'TOKEN' %v, nats_credential_file %v", name == "token", name == "credentials"); settings != want {
			t.Errorf("%s: %s", name, settings)
		}
	}
}
