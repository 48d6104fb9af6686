package main

import "github.com/spf13/cobra"

// newNATSHelp is what "rollcall help nats" shows: the flags that each verb has and does not show.
func newNATSHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "nats",
		Short: "How commands find NATS, and get in",
		Long: "A service with the embedded NATS (\"rollcall up\" without --nats) lets in whoever\n" +
			"can read the key in its --data, the file nats.nk. The commands of the same user\n" +
			"on the same machine find it by themselves, also \"rollcall up\" with --nats and a\n" +
			"--data of its own, and root finds that of a systemd service. Everybody else is\n" +
			"refused, unless the file is named: --nkey FILE. Other programs get in with a\n" +
			"token (rollcall token add), to read feeds and ask the API's service.\n\n" +
			"Every command has these flags, and a variable for each, as ROLLCALL_NATS_CA:\n\n" +
			"  --nats URL                 server, or servers with commas; tls:// wants TLS\n" +
			"  --nats-context NAME        a context of the program nats: where it connects,\n" +
			"                             and how\n" +
			"  --creds FILE               credentials, a JWT and its key\n" +
			"  --nkey FILE                the seed of an nkey\n" +
			"  --nats-user NAME           with the password in a file, or in\n" +
			"                             " + passwordVariable + "\n" +
			"  --nats-passfile FILE       that only its owner can read\n" +
			"  --nats-ca FILE             the authority of the servers' certificates, PEM\n" +
			"  --nats-cert, --nats-key    the client's certificate and its key, PEM\n" +
			"  --config FILE              the configuration of rollcall up, with all this\n\n" +
			"A password in a URL is taken from ROLLCALL_NATS and not from the command line,\n" +
			"which everybody on the machine can read.",
	}
}
