package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// known are the names of all metrics of ours, as they come in a query.
func known(t *testing.T) map[string]bool {
	names := map[string]bool{"rollcall_build_info": true}
	quoted := regexp.MustCompile(`fqName: "([a-z_]+)"`)
	add := func(desc string) {
		name := quoted.FindStringSubmatch(desc)[1]
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			if suffix == "" || strings.HasSuffix(name, "_seconds") {
				names[name+suffix] = true
			}
		}
	}
	for _, d := range descs {
		add(d.String())
	}
	http := newHTTPMetrics()
	ch := make(chan *prometheus.Desc, 1)
	for _, c := range append(served(nil), http.requests, http.seconds) {
		c.Describe(ch)
		add((<-ch).String())
	}
	if len(names) < 50 {
		t.Fatalf("only %d names", len(names))
	}
	return names
}

func TestDashboardsAndAlertsUseMetricsThatExist(t *testing.T) {
	t.Parallel()
	names := known(t)
	used := map[string]bool{}
	of := regexp.MustCompile(`\brollcall_[a-z_]+`)
	for _, file := range []string{"grafana.json", "alerts.yaml", "alerts_test.yaml", "README.md"} {
		text, err := os.ReadFile("../../../docs/monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range of.FindAllString(string(text), -1) {
			used[name] = true
			if !names[name] {
				t.Errorf("%s uses %s, which is not there", file, name)
			}
		}
	}
	if len(used) < 40 {
		t.Errorf("only %d metrics are used", len(used))
	}
}

func TestTheDashboardIsJSONWhosePanelsHaveQueries(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/monitoring/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		if p.Type != "row" && (len(p.Targets) == 0 || p.Targets[0].Expr == "") {
			t.Errorf("panel %q asks nothing", p.Title)
		}
	}
}

// Whoever is woken by an alert finds it in the README, and it is proved that it fires.
func TestEachAlertIsExplainedAndTested(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile("../../../docs/monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(read("alerts.yaml"), -1)
	if len(alerts) < 10 {
		t.Fatalf("only %d alerts", len(alerts))
	}
	for _, a := range alerts {
		if !strings.Contains(read("README.md"), "| "+a[1]+" |") {
			t.Errorf("the README does not explain %s", a[1])
		}
		if !regexp.MustCompile(`alertname: ` + a[1] + `\n +exp_alerts:\n +- exp_labels`).MatchString(read("alerts_test.yaml")) {
			t.Errorf("no test shows %s fire", a[1])
		}
	}
}
