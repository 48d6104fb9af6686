// Package settings gives a command's flags their values from the environment and
// from one configuration file, and reads that file's sections.
//
// A value comes from the first of: the flag itself, the environment, the file, and
// the flag's default. The key of the flag --log-max-age is log-max-age in the file
// and ROLLCALL_LOG_MAX_AGE in the environment. A variable that is set to nothing
// counts as not set, because compose files and service managers set variables like
// that; in the file, "" is a value. A list is an array in the file, and is separated
// by commas in the environment, as on the command line.
//
// The file is TOML 1.0. A key that no flag has is refused, with the nearest name
// that there is; so is a value of another type than the flag's. All faults of a file
// are told at once, each with its line.
//
// # How to declare a section
//
// A section is what a file has for each of several things of a kind, as in
//
//	[users."example.org"]
//	from = "ldap"
//
// Its keys are declared as flags are, on a flag set of their own, and whoever owns
// them declares them: a [Section] names the kind, defines the keys of one table into
// the variables that they are for, and checks the table when all of them are set.
// The command lists the sections that there are (Config.sections in sections.go).
// A section's kind can't be the name of a flag, for TOML has one namespace for both: the
// section for roles of accounts is [role.NAME], as --roles are those of a process.
//
//	func (s *sources) section() settings.Section {
//		return settings.Section{
//			Kind: "users", Name: "DOMAIN", Means: "where the users of a domain come from",
//			Define: func(domain string, f *pflag.FlagSet) {
//				src := &source{domain: domain}
//				s.all = append(s.all, src)
//				f.StringVar(&src.from, "from", "own", "`KIND`: own, ldap, jwt or http")
//				f.StringVar(&src.ldap.url, "ldap.url", "", "`URL` of the server") // url in [users."DOMAIN".ldap]
//			},
//			Check: func(domain string) error { return s.check(domain) },
//		}
//	}
//
// An error of Check stands at the table's line; a [KeyError] stands at that of its
// key. A flag that holds a secret is marked with [MarkSecret]; its value is never
// printed.
//
// # Where things are
//
// settings.go puts the sources together, file.go reads the file, section.go its
// sections, and fault.go says what is wrong with it. value.go is how values are
// written in it, print.go writes a file of them, and nearest.go guesses what a name
// was meant to be.
package settings
