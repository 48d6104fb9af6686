package bus

import (
	"encoding/json"
	"reflect"
	"testing"
)

const gotten = `{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":` +
	`{"subject":"$KV.RC_ROSTERS.alice","seq":42,"hdrs":"TkFUUy8xLjANCg0K","data":"AQID","time":"2026-01-02T03:04:05.000000006Z"}}`

func TestPlainMessagesAreReadAsJSONIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		gotten,
		`{"type":"x","message":{"subject":"a","seq":1,"data":"AQ==","time":"2026-01-02T03:04:05Z"}}`,
		`{"type":"x","message":{"subject":"a","seq":18446744073709551615,"time":"2026-01-02T03:04:05+01:00"}}`,
	} {
		var want struct {
			Message *message `json:"message"`
		}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got, ok := plainMessage([]byte(text))
		if !ok || !got.Time.Equal(want.Message.Time) {
			t.Errorf("%s: %v, %+v", text, ok, got)
			continue
		}
		got.Time = want.Message.Time
		if !reflect.DeepEqual(got, want.Message) {
			t.Errorf("%s: %+v, want %+v", text, got, want.Message)
		}
	}
}

func TestOtherAnswersAreLeftToJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `{"type":"x","error":{"code":404,"err_code":10037,"description":"no message found"}}`,
		`{"message":{"seq":1,"subject":"a","time":"2026-01-02T03:04:05Z"}}`,
		`{"message":{"subject":"a\"","seq":1,"time":"2026-01-02T03:04:05Z"}}`,
		`{"message":{"subject":"a","seq":-1,"time":"2026-01-02T03:04:05Z"}}`,
		`{"message":{"subject":"a","seq":1,"data":"?","time":"2026-01-02T03:04:05Z"}}`,
		`{"message":{"subject":"a","seq":1,"time":"yesterday"}}`,
		`{"message":{"subject":"a","seq":1,"time":"2026-01-02T03:04:05Z","more":1}}`,
	} {
		if m, ok := plainMessage([]byte(text)); ok {
			t.Errorf("%s: %+v", text, m)
		}
	}
	for cut := range gotten {
		if m, ok := plainMessage([]byte(gotten[:cut])); ok {
			t.Errorf("%s: %+v", gotten[:cut], m)
		}
	}
}
