package main

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/spf13/cobra"
)

// profiled gives a verb the hidden flag --pprof: while the verb runs, Go's
// profiles are served there (net/http/pprof). They tell a lot about the
// process, so only this machine may ask.
func profiled(cmd *cobra.Command) *cobra.Command {
	addr := cmd.Flags().String("pprof", "", "serve Go profiles at `HOST:PORT` of a loopback address")
	cmd.Flags().MarkHidden("pprof")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *addr == "" {
			return run(cmd, args)
		}
		stop, err := serveProfiles(*addr)
		if err != nil {
			return err
		}
		defer stop()
		return run(cmd, args)
	}
	return cmd
}

func serveProfiles(addr string) (stop func(), err error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil || !tcp.IP.IsLoopback() {
		return nil, usagef("--pprof wants a loopback address such as 127.0.0.1:6060, not %q", addr)
	}
	l, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, &failure{change("--pprof", err)}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		srv.Shutdown(ctx)
	}, nil
}
