package web

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"
)

//go:embed templates
var files embed.FS

// templateOf is that of a page, with the layout around it.
func templateOf(name string) *template.Template {
	t, ok := templates()[name]
	if !ok {
		panic("no template " + name)
	}
	return t
}

var templates = sync.OnceValue(func() map[string]*template.Template {
	layout := template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/parts/*.html"))
	all := map[string]*template.Template{}
	entries, err := files.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		all[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, "templates/"+e.Name()))
	}
	return all
})

// functions are those of templates. What depends on the visit is a method of it.
var functions = template.FuncMap{
	"count":    count,
	"duration": duration,
	"seconds":  func(s int64) string { return duration(time.Duration(min(s, 1<<32)) * time.Second) },
	"bytes":    size,
	"number":   func(n float64) string { return count(int64(n + .5)) },
	"static":   staticPath,

	"accountPath":   accountPath,
	"bare":          bare,
	"sessionPath":   sessionPath,
	"tablePath":     tablePath,
	"actorPath":     actorPath,
	"exactly":       exactly,
	"halfDayBefore": func(t time.Time) string { return exactly(t.Add(-aDay / 2)) },
	"halfDayAfter":  func(t time.Time) string { return exactly(t.Add(aDay / 2)) },
	"before":        func(seq uint64) uint64 { return seq - 1 },
	"add":           func(a, b int) int { return a + b },
	"short":         short,
	"meaning":       meaning,
	"asWhom":        asWhom,
}

// count is a number as people read it: 1,234,567.
func count(n any) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// size is a number of bytes with its unit: 512 B, 1.5 MiB.
func size(n any) string {
	v := 0.0
	switch n := n.(type) {
	case uint64:
		v = float64(n)
	case int64:
		v = float64(n)
	case float64:
		v = n
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && v >= 1024 {
		v, units = v/1024, units[1:]
	}
	if v >= 10 || units[0] == "B" {
		return fmt.Sprintf("%.0f %s", v, units[0])
	}
	return fmt.Sprintf("%.1f %s", v, units[0])
}

// duration is one with two units: 3 d 4 h, 12 min 5 s, 250 ms.
func duration(d time.Duration) string {
	units := []struct {
		name string
		unit time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.unit {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.unit, u.name)
		if i+1 < len(units) {
			if rest := d % u.unit / units[i+1].unit; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// rounded is a duration that was measured, to the next second from a second on, as the
// command stats gives it.
func rounded(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	return duration(d)
}

// short is a text that has room beside a chart.
func short(text string) string {
	if r := []rune(text); len(r) > 16 {
		return string(r[:15]) + "…"
	}
	return text
}

// Time is an instant in the page's zone, which a script may show in another.
func (v *visit) Time(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.In(v.zone)
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339Nano), t.Format("2006-01-02 15:04:05")))
}

// Ago is how long ago an instant was when the page was made.
func (v *visit) Ago(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return duration(max(v.now.Sub(t), 0).Truncate(time.Second))
}
