package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/metrics"
)

// healthTimeout bounds the wait for an answer, which comes at once or never.
const healthTimeout = 5 * time.Second

// maxHealth is what an answer may have, in bytes.
const maxHealth = 64 << 10

// newHealth asks the process on this machine how it is, for containers, in which
// there is nothing else that could.
func newHealth(con *console) *cobra.Command {
	var (
		file, addr   string
		live, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the process on this machine whether it is ready",
		Long: "Ask the rollcall up of this machine, at its --http, whether it may be sent\n" +
			"clients (/readyz) or, with --live, whether it works at all (/livez): one that\n" +
			"doesn't is to be started again. The exit code is 0 for yes and 1 for no. It is\n" +
			"what a container's health check runs; the address is that of ROLLCALL_HTTP or of\n" +
			"the configuration file, as for rollcall up.",
		Example: "  rollcall health --live",
		Args:    arguments(0, 0),
	}
	f := cmd.Flags()
	f.StringVar(&file, "config", "", "TOML `FILE` of rollcall up, or ROLLCALL_CONFIG")
	f.StringVar(&addr, "http", "", "its --http `ADDR` (default "+defaultHTTP+")")
	f.BoolVar(&live, "live", false, "ask only whether it works")
	f.BoolVar(&asJSON, "json", false, "print its answer, a line of JSON")
	cmd.RegisterFlagCompletionFunc("config", completeFiles)
	cmd.RunE = verb(func(ctx context.Context, _ []string) error {
		cfg, up := blankConfig([]string{file})
		if addr != "" {
			up.Flags().Set("http", addr)
		}
		if err := cfg.load(up.Flags(), os.Getenv); err != nil {
			return err
		}
		if cfg.HTTP == "" {
			return usagef("rollcall up is configured without --http, where it would answer")
		}
		path := "/readyz"
		if live {
			path = "/livez"
		}
		return askHealth(ctx, con, "http://"+cfg.HTTP+path, asJSON)
	})
	return cmd
}

// askHealth prints an answer; one that isn't yes is an error.
func askHealth(ctx context.Context, con *console, url string, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return change("--http", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &flagError{flag: "is rollcall up running? otherwise change --http", err: errors.Unwrap(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth))
	if err != nil {
		return err
	}
	said := strings.TrimSpace(string(body))
	if asJSON {
		fmt.Fprintln(con.out, said)
	}
	if resp.StatusCode == http.StatusOK {
		if !asJSON {
			fmt.Fprintln(con.out, "ok")
		}
		return nil
	}
	return errors.New(notReady(body, resp.Status))
}

// notReady is why a process is not ready, in a line.
func notReady(body []byte, status string) string {
	var r metrics.Report
	if json.Unmarshal(body, &r) != nil || r.State == "" {
		return "not healthy: " + status
	}
	text := string(r.State)
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		if d := r.Parts[name].Detail; d != "" {
			text += ": " + d
		}
	}
	return text
}
