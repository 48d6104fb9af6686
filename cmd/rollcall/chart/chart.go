package chart

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// Sizes, in pixels of a picture that is not scaled.
const (
	width     = 960
	left      = 64 // of the curve's axis
	right     = width - 36
	top       = 84
	curveHigh = 240
	barsTop   = top + curveHigh + 96
	barHigh   = 18
	barEach   = 28
)

// style has the colors of both modes, which differ by 3:1 or more from their ground, and from each
// other by more than hue.
const style = `
  svg { --ground: #fff; --ink: #1b1f24; --soft: #57606a; --grid: #d8dee4; --first: #0969da; --second: #bc4c00; --fill: .12;
    font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #e6edf3; --soft: #9198a1; --grid: #2b313a; --first: #58a6ff; --second: #f0883e; --fill: .18 } }
  .ground { fill: var(--ground) } text { fill: var(--ink) } .soft { fill: var(--soft) } .head { font-size: 17px; font-weight: 600 }
  .grid { stroke: var(--grid); fill: none } .axis { stroke: var(--soft); fill: none }
  .sessions { stroke: var(--first); stroke-width: 2; fill: none; stroke-linejoin: round } .under { fill: var(--first); opacity: var(--fill) }
  .accounts { stroke: var(--second); stroke-width: 1.5; fill: none; stroke-dasharray: 5 3 } .bar { fill: var(--first) }
  .right { text-anchor: end } .middle { text-anchor: middle }
`

// A drawing is a file that is being written.
type drawing struct {
	w      *bufio.Writer
	answer *stats.Answer
	zone   *time.Location
}

// Write writes an answer that has concurrency and ends. Times are those of the zone.
func Write(w io.Writer, a *stats.Answer, zone *time.Location) error {
	d := drawing{bufio.NewWriter(w), a, zone}
	ends := total(a.Ends)
	high := barsTop + barEach*max(len(ends), 1) + 28
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`, width, high, width, high)
	d.put(`<title id="title">Sessions %s</title>`, escape(d.span()))
	d.put(`<desc id="desc">%s</desc>`, escape(d.inWords(ends)))
	d.put(`<style>%s</style>`, style)
	d.put(`<rect class="ground" width="%d" height="%d"/>`, width, high)
	d.curve()
	d.bars(ends)
	d.put(`</svg>`)
	return d.w.Flush()
}

// put writes a line. An error is kept by the writer.
func (d *drawing) put(format string, args ...any) { fmt.Fprintf(d.w, format+"\n", args...) }

// text writes some at a place.
func (d *drawing) text(x, y float64, class, text string) {
	d.put(`<text x="%s" y="%s" class="%s">%s</text>`, number(x), number(y), class, escape(text))
}

// span is what the picture is of.
func (d *drawing) span() string {
	const form = "2 January 2006 15:04"
	since, until := d.answer.Since.In(d.zone), d.answer.Until.In(d.zone)
	return fmt.Sprintf("from %s to %s %s", since.Format(form), until.Format(form), until.Format("MST"))
}

// inWords says what is drawn.
func (d *drawing) inWords(ends []end) string {
	sessions, accounts := d.most()
	var b strings.Builder
	fmt.Fprintf(&b, "At most %s sessions of at most %s accounts were online at a time. ", grouped(sessions), grouped(accounts))
	if len(ends) == 0 {
		b.WriteString("No session ended.")
		return b.String()
	}
	b.WriteString("Sessions ended, by reason: ")
	for i, e := range ends {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", e.reason, grouped(e.sessions))
	}
	b.WriteString(".")
	return b.String()
}

// escape makes text safe within an element.
func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return b.String()
}

// number is a coordinate, to a tenth of a pixel.
func number(x float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
}

// grouped is a number by thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
