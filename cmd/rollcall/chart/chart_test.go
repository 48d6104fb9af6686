package chart_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// drawn is the picture of an answer, which must be well-formed and refer to nothing.
func drawn(t *testing.T, a *stats.Answer) string {
	t.Helper()
	var b strings.Builder
	if err := chart.Write(&b, a, time.UTC); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b.String())
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if e.Name.Local == "script" || e.Name.Local == "image" {
			t.Errorf("it has a %s", e.Name.Local)
		}
		for _, attribute := range e.Attr {
			if attribute.Name.Local == "href" || strings.Contains(attribute.Value, "NaN") || strings.Contains(attribute.Value, "Inf") {
				t.Errorf("%s has %s=%q", e.Name.Local, attribute.Name.Local, attribute.Value)
			}
		}
	}
	return b.String()
}

func answer(step time.Duration, most ...int) *stats.Answer {
	a := &stats.Answer{Covers: stats.Covers{Since: noon, Until: noon.Add(time.Duration(len(most)) * step), Step: step}}
	for i, n := range most {
		a.Concurrency = append(a.Concurrency, stats.Concurrency{At: noon.Add(time.Duration(i) * step), MostSessions: n, MostAccounts: n / 2})
	}
	return a
}

func has(t *testing.T, picture string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(picture, part) {
			t.Errorf("there is no %s in %s", part, picture)
		}
	}
}

func TestTheCurveIsLevelWithinAStep(t *testing.T) {
	t.Parallel()
	picture := drawn(t, answer(time.Hour, 100, 50, 200, 0))
	has(t, picture,
		`class="sessions" d="M64 204H279V264H494V84H709V324H924"`, `class="accounts" d="M64 264H279V294H494V204H709V324H924"`,
		`class="under" d="M64 324L64 204H279V264H494V84H709V324H924V324Z"`,
		">200</text>", ">50</text>", ">12:00</text>", ">16:00</text>", "the most of each hour",
		"At most 200 sessions of at most 100 accounts were online at a time.")
}

func TestEndsAreByReasonMostFirst(t *testing.T) {
	t.Parallel()
	a := answer(time.Hour, 1)
	a.Ends = []stats.Ends{
		{At: noon, Reason: "client", Sessions: 1000}, {At: noon, Reason: "kicked & <gone>", Sessions: 250},
		{At: noon.Add(time.Minute), Reason: "client", Sessions: 2000}, {At: noon, Sessions: 1},
	}
	picture := drawn(t, a)
	has(t, picture, "by reason: client 3,000, kicked &amp; &lt;gone&gt; 250, unknown 1.", `width="604"`, `width="50.3"`, `width="1" height`, "3,000 (92.3 %)", ">1 (&lt;0.1 %)<")
	if strings.Index(picture, ">client<") > strings.Index(picture, ">unknown<") {
		t.Error("the reason of most sessions is not the first")
	}
}

func TestNothingIsDrawnOfNothing(t *testing.T) {
	t.Parallel()
	has(t, drawn(t, answer(time.Hour)), "No session ended.", ">none</text>")
	has(t, drawn(t, answer(time.Hour, 0, 0)), `class="sessions" d="M64 324H494V324H924"`)
}

func TestAxesHaveRoundNumbersAndTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step  time.Duration
		steps int
		most  int
		want  []string
		not   []string
	}{
		{time.Second, 40, 1, []string{">12:00:05<", ">12:00:40<", ">1</text>"}, []string{">2</text>"}},
		{time.Minute, 60, 7, []string{">12:10<", ">13:00<", ">8</text>"}, []string{">12:05<", ">10</text>"}},
		{15 * time.Minute, 96, 1234, []string{">15:00<", ">30 Nov<", ">1,500</text>", ">500</text>"}, []string{">2,000</text>"}},
		{24 * time.Hour, 30, 48_000, []string{">3 Dec<", ">27 Dec<", ">50,000</text>", ">10,000</text>"}, []string{">30 Nov<"}},
		{24 * time.Hour, 400, 3, []string{">27 Feb<"}, []string{">29 Nov<"}},
	} {
		most := make([]int, c.steps)
		most[0] = c.most
		picture := drawn(t, answer(c.step, most...))
		has(t, picture, c.want...)
		for _, part := range c.not {
			if strings.Contains(picture, part) {
				t.Errorf("%s: there is a %s", c.step, part)
			}
		}
		if n := strings.Count(picture, "v5\""); n < 2 || n > 10 {
			t.Errorf("%s: %d times", c.step, n)
		}
	}
}
