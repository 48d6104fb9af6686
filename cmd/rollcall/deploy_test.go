package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// Where the examples of a deployment are.
const deployment = "../../docs/deploy"

func readDeployment(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployment, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents parses a file of YAML.
func documents(t *testing.T, name string) (all []map[string]any) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(readDeployment(t, name))); ; {
		var doc map[string]any
		if err := d.Decode(&doc); err != nil {
			if len(all) == 0 || err.Error() != "EOF" {
				t.Fatalf("%s: %v", name, err)
			}
			return all
		}
		all = append(all, doc)
	}
}

// accepted reports what is wrong with a configuration of an environment and a file.
func accepted(t *testing.T, what string, env map[string]string, file string) *Config {
	t.Helper()
	var args []string
	if file != "" {
		args = append(args, filepath.Join(t.TempDir(), "rollcall.toml"))
		if err := os.WriteFile(args[0], []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, up := blankConfig(args)
	for name := range env {
		known := false
		up.Flags().VisitAll(func(f *pflag.Flag) { known = known || settings.Variable(f.Name) == name })
		if !known {
			t.Errorf("%s: %s is no setting", what, name)
		}
	}
	if err := cfg.loadAll(up.Flags(), func(name string) string { return env[name] }); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return cfg
}

// imageEnv is what an image sets.
func imageEnv(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, m := range regexp.MustCompile(`(ROLLCALL_[A-Z0-9_]+)=(\S+)`).FindAllStringSubmatch(readDeployment(t, "Containerfile"), -1) {
		env[m[1]] = m[2]
	}
	if len(env) == 0 {
		t.Fatal("the image sets nothing")
	}
	return env
}

func TestTheContainersOfComposeFilesAreConfiguredRightly(t *testing.T) {
	t.Parallel()
	image := imageEnv(t)
	accepted(t, "Containerfile", image, "")
	for file, connectors := range map[string][]string{"compose.yaml": {"c1"}, "compose-cluster.yaml": {"c1", "c2"}} {
		var names []string
		services := documents(t, file)[0]["services"].(map[string]any)
		for _, name := range []string{"rollcall", "c1", "c2"} {
			s, ok := services[name].(map[string]any)
			if !ok {
				continue
			}
			env := map[string]string{}
			for k, v := range image {
				env[k] = v
			}
			for k, v := range s["environment"].(map[string]any) {
				env[k] = strings.NewReplacer("${DOMAIN:-example.org}", "example.org").Replace(v.(string))
			}
			cfg := accepted(t, file+" "+name, env, "")
			names = append(names, cfg.Name)
			if cfg.Data != "/var/lib/rollcall" || cfg.C2S != "0.0.0.0:5222" || cfg.Domains[0] != "example.org" {
				t.Errorf("%s %s: %s", file, name, cfg.describe())
			}
		}
		if strings.Join(names, " ") != strings.Join(connectors, " ") {
			t.Errorf("%s has the connectors %q, want %q", file, names, connectors)
		}
	}
}

func TestTheManifestsOfKubernetesAreConfiguredRightly(t *testing.T) {
	t.Parallel()
	kinds := map[string]map[string]any{}
	for _, doc := range documents(t, "kubernetes.yaml") {
		kinds[doc["kind"].(string)] = doc
	}
	file := kinds["ConfigMap"]["data"].(map[string]any)["rollcall.toml"].(string)
	env := imageEnv(t)
	env["ROLLCALL_NAME"] = "rollcall-0"
	accepted(t, "kubernetes.yaml", env, file)

	pod := at(kinds["StatefulSet"], "spec", "template", "spec").(map[string]any)
	container := pod["containers"].([]any)[0].(map[string]any)
	for _, e := range container["env"].([]any) {
		if name := e.(map[string]any)["name"].(string); env[name] == "" && name != settings.Variable("config") {
			t.Errorf("%s is not checked", name)
		}
	}
	for probe, want := range map[string]string{
		"startupProbe": "/usr/local/bin/rollcall health", "livenessProbe": "/usr/local/bin/rollcall health --live", "readinessProbe": "/usr/local/bin/rollcall health",
	} {
		var got []string
		for _, word := range at(container, probe, "exec", "command").([]any) {
			got = append(got, word.(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s runs %q, want %q", probe, got, want)
		}
	}
	if grace := pod["terminationGracePeriodSeconds"].(int); grace < 10 {
		t.Errorf("a pod has %d s to stop", grace)
	}
}

// at follows keys into what YAML gives.
func at(doc map[string]any, keys ...string) (v any) {
	v = doc
	for _, k := range keys {
		v = v.(map[string]any)[k]
	}
	return v
}

// Whatever ExecStartPre ends with, systemd tries again; what is not tried again is up's.
func TestTheServiceDoesNotTryAWrongConfigurationAgain(t *testing.T) {
	t.Parallel()
	unit := readDeployment(t, "rollcall.service")
	for _, want := range []string{`(?m)^RestartPreventExitStatus=2$`, `(?m)^ExecStartPre=-/\S+ config check `} {
		if !regexp.MustCompile(want).MatchString(unit) {
			t.Errorf("the unit has nothing like %s", want)
		}
	}
}

func TestTheServicesCommandLinesAreRight(t *testing.T) {
	t.Parallel()
	_, up := blankConfig(nil)
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^ExecStart=\S+ up (.*)$`).FindAllStringSubmatch(readDeployment(t, "rollcall.service"), -1) {
		n++
		if err := up.ParseFlags(strings.Fields(m[1])); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	if n != 1 || up.Flag("data").Value.String() != "/var/lib/rollcall" {
		t.Errorf("%d command lines, and the data is in %s", n, up.Flag("data").Value)
	}
}
