package main

import (
	"fmt"
	"strings"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/load"
)

// showTable returns what shows a scenario's figures to people: a line for each
// value, a column for each server, and the first one's ratio to each other.
func (b *clientBench) showTable(servers []*load.Server) func(*load.Scenario, []load.Figure) error {
	head := []string{"SCENARIO", "VALUE"}
	for _, s := range servers {
		head = append(head, strings.ToUpper(s.Name))
	}
	for _, s := range servers[1:] {
		head = append(head, "/"+strings.ToUpper(s.Name))
	}
	t := newTable(b.con, head...)
	return func(sc *load.Scenario, figures []load.Figure) error {
		for _, v := range figureValues {
			if cells := v.cells(sc, figures); cells != nil {
				if err := t.row(cells...); err != nil {
					return err
				}
			}
		}
		return t.flush()
	}
}

// A figureValue is one value of a figure, and how people read it.
type figureValue struct {
	name  string // a %s in it is the scenario's unit
	of    func(*load.Figure) float64
	print string
}

var figureValues = []figureValue{
	{"%s/s", func(f *load.Figure) float64 { return f.Rate }, "%.0f"},
	{"p50 ms", func(f *load.Figure) float64 { return f.P50.Seconds() * 1e3 }, "%.2f"},
	{"p99 ms", func(f *load.Figure) float64 { return f.P99.Seconds() * 1e3 }, "%.2f"},
	{"CPU us each", func(f *load.Figure) float64 { return f.CPU.Seconds() * 1e6 }, "%.1f"},
	{"memory MB in all", func(f *load.Figure) float64 { return f.Resident / 1e6 }, "%.0f"},
	{"memory KB each", func(f *load.Figure) float64 { return f.Memory / 1e3 }, "%.1f"},
}

// cells of a value's line; nil if no server has it.
func (v *figureValue) cells(sc *load.Scenario, figures []load.Figure) []string {
	name := strings.Replace(v.name, "%s", sc.Unit, 1)
	cells, any := []string{sc.Name, name}, false
	for i := range figures {
		x := v.of(&figures[i])
		any = any || x != 0
		cells = append(cells, fmt.Sprintf(v.print, x))
	}
	if !any {
		return nil
	}
	for i := range figures[1:] {
		cells = append(cells, fmt.Sprintf("%.2f", v.of(&figures[0])/v.of(&figures[i+1])))
	}
	return cells
}
