package bus

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		data string
		seq  uint64
		want error
	}{
		{`{"stream":"RC_EV","seq":1}`, 1, nil},
		{`{"stream":"RC_EV","seq":18446744073709551615}`, 1<<64 - 1, nil},
		{`{"stream":"RC_EV", "seq":22}`, 22, nil},
		{`{"stream":"RC_EV","domain":"hub","seq":3}`, 3, nil},
		{`{"stream":"RC_EV","seq":7,"duplicate":true}`, 7, nil},
		{`{"stream":"RC_EV","seq":0}`, 0, events.ErrUnresolved},
		{`{"stream":"RC_EV","seq":}`, 0, events.ErrUnresolved},
		{`{"stream":"RC_EV","seq":5`, 0, events.ErrUnresolved},
		{`not json`, 0, events.ErrUnresolved},
		{``, 0, events.ErrUnresolved},
		{`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 4"},"stream":"RC_EV","seq":0}`, 0, events.ErrConflict},
		{`{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"RC_EV","seq":0}`, 0, events.ErrConflict},
		{`{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"}}`, 0, events.ErrConflict},
		{`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}`, 0, events.ErrFull},
		{`{"error":{"code":503,"err_code":10077,"description":"maximum messages per subject exceeded"}}`, 0, events.ErrFull},
		{`{"error":{"code":503,"err_code":10077,"description":"write failed: no space left on device"}}`, 0, events.ErrFull},
		{`{"error":{"code":503,"err_code":10077,"description":"write failed: input/output error"}}`, 0, events.ErrUnavailable},
		{`{"error":{"code":500,"err_code":10047,"description":"insufficient storage resources available"}}`, 0, events.ErrFull},
		{`{"error":{"code":429,"err_code":10167,"description":"too many requests"}}`, 0, events.ErrUnavailable},
		{`{"error":{"code":503,"err_code":10023,"description":"insufficient resources"}}`, 0, events.ErrUnavailable},
	} {
		seq, err := parseAck(&nats.Msg{Data: []byte(test.data)})
		if seq != test.seq || !errors.Is(err, test.want) {
			t.Errorf("%s: %d, %v; want %d, %v", test.data, seq, err, test.seq, test.want)
		}
	}
	none := &nats.Msg{Header: nats.Header{"Status": {"503"}}}
	if _, err := parseAck(none); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("no responders: %v", err)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]*delivery{
		"$JS.ACK.RC_EV.cons.1.22.3.1700000000000000000.9":               {seq: 22, place: 3, at: 1700000000000000000, pending: 9},
		"$JS.ACK.hub.ACCHASH.RC_EV.cons.1.22.3.1700000000000000000.9.x": {seq: 22, place: 3, at: 1700000000000000000, pending: 9},
		"$JS.ACK.RC_EV.cons.1.22.3.17":                                  nil,
		"$JS.ACK.RC_EV.cons.1.22.3.17.":                                 nil,
		"$JS.ACK.RC_EV.cons.1.a.3.17.9":                                 nil,
		"$JS.ACK.RC_EV":                                                 nil,
		"$JS.FC.RC_EV.cons.1":                                           nil,
		"":                                                              nil,
	} {
		d := delivery{msg: &nats.Msg{Reply: reply}}
		ok := d.parse()
		d.msg = nil
		if ok != (want != nil) || ok && d != *want {
			t.Errorf("%s: %+v, %t", reply, d, ok)
		}
	}
}
