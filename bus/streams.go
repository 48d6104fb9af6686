package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// Streams and the subjects in them.
const (
	logStream      = "RC_EV"
	preStream      = "RC_PRE"
	leaseStream    = "RC_LEASE"
	waitingStream  = "RC_WAITING"
	accountsBucket = "RC_ACCOUNTS"
	rostersBucket  = "RC_ROSTERS"
	blockedBucket  = "RC_BLOCKED"
	privateBucket  = "RC_PRIVATE"
	namesBucket    = "RC_NAMES"
	tokensBucket   = "RC_TOKENS"
	serviceBucket  = "RC_SERVICE"
	bansBucket     = "RC_BANS"
	auditStream    = "RC_AUDIT"
	publicStream   = "RC_PUBLIC"

	logPrefix    = "rc.v1.ev"
	prePrefix    = "rc.v1.pre"
	leasePrefix  = "rc.v1.lease"
	waitPrefix   = "rc.v1.wait"
	claimPrefix  = "rc.v1.claim"
	toPrefix     = "rc.v1.to"
	askPrefix    = "rc.v1.ask"
	auditSubject = "rc.v1.audit"
	publicPrefix = "rc.v1.pub"
	probePrefix  = "rc.v1.probe"
	takePrefix   = "rc.v1.take"
)

// The number of streams that the partitions are split over. It is written
// into the log's metadata: a process that counted otherwise would look for
// accounts in the wrong stream.
const (
	shardsKey = "rollcall.shards"
	shards    = "1"
)

// ensureStreams makes what is missing, if it may, and refuses what doesn't fit. The log is
// the first because the others' sizes follow from its own. Most of the others are made at
// once: each elects a leader first on a cluster, which takes seconds on busy machines.
// It gives up after a time in which no stream got ready.
func (b *Bus) ensureStreams(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(setupTimeout, func() { cancel(context.DeadlineExceeded) })
	defer stalled.Stop()
	ensure := func(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.StreamConfig, error) {
		is, err := b.ensureStream(ctx, cfg)
		if err != nil {
			return is, fmt.Errorf("stream %s: %w", cfg.Name, err)
		}
		stalled.Reset(setupTimeout)
		return is, nil
	}
	log, err := ensure(ctx, b.logConfig())
	if err != nil {
		return err
	}
	// Those that reserve room come last, and in turn: each takes less where there is less.
	free, reserving := b.beside(log.MaxBytes)
	together, within := errgroup.WithContext(ctx)
	for _, cfg := range free {
		together.Go(func() error {
			_, err := ensure(within, cfg)
			return err
		})
	}
	if err := together.Wait(); err != nil {
		return err
	}
	for _, cfg := range reserving {
		if _, err := ensure(ctx, cfg); err != nil {
			return err
		}
	}
	return nil
}

// beside are the streams beside a log of that size: those that reserve no room, and the
// others.
func (b *Bus) beside(log int64) (free, reserving []jetstream.StreamConfig) {
	for _, cfg := range b.streamConfigs()[1:] {
		if b.cfg.MaxBytes == 0 {
			cfg.MaxBytes = besideLog(cfg.MaxBytes, log)
		}
		if cfg.MaxBytes > 0 {
			reserving = append(reserving, cfg)
		} else {
			free = append(free, cfg)
		}
	}
	return free, reserving
}

// streamConfigs are what the streams are made with, the log first.
func (b *Bus) streamConfigs() []jetstream.StreamConfig {
	return append([]jetstream.StreamConfig{
		b.logConfig(), bucketConfig(accountsBucket), bucketConfig(rostersBucket),
		bucketConfig(blockedBucket), bucketConfig(privateBucket), namesConfig(),
		bucketConfig(tokensBucket), bucketConfig(serviceBucket), bucketConfig(bansBucket), auditConfig(), frameConfig(),
	}, others()...)
}

// logConfig: nobody can change or remove a record before its time, and no
// header of a publisher can make the server do so.
func (b *Bus) logConfig() jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name:        logStream,
		Description: "Rollcall: every transition of every session",
		Subjects:    []string{logPrefix + ".*.*.*"},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew,
		MaxBytes:    DefaultMaxBytes,
		MaxAge:      defaultMaxAge,
		DenyDelete:  true,
		DenyPurge:   true,
		// The compare-and-set keeps an event from being stored twice. Records
		// carry no Nats-Msg-Id, so that this window holds nothing.
		Duplicates: 10 * time.Second,
		Metadata:   map[string]string{shardsKey: shards},
	}
	if b.cfg.MaxBytes > 0 {
		c.MaxBytes = b.cfg.MaxBytes
	}
	if b.cfg.MaxAge != 0 {
		c.MaxAge = max(b.cfg.MaxAge, 0)
	}
	return c
}

// preConfig: an attacker must not fill the disk, so the oldest goes.
func preConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        preStream,
		Description: "Rollcall: connections before authentication",
		Subjects:    []string{prePrefix + ".*"},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardOld,
		MaxBytes:    128 << 20,
		MaxAge:      defaultMaxAge,
		Duplicates:  100 * time.Millisecond,
	}
}

// leaseConfig: one message a name, which the server itself ends and marks.
func leaseConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:                   leaseStream,
		Description:            "Rollcall: running connectors",
		Subjects:               []string{leasePrefix + ".*"},
		Storage:                jetstream.FileStorage,
		MaxMsgsPerSubject:      1,
		MaxBytes:               16 << 20,
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: time.Hour,
		Duplicates:             100 * time.Millisecond,
	}
}

// waitingConfig: a full waiting room refuses, and nobody else's gets fuller.
func waitingConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:                 waitingStream,
		Description:          "Rollcall: messages for accounts that are offline",
		Subjects:             []string{waitPrefix + ".*.*.*", claimPrefix + ".*.*.*"},
		Storage:              jetstream.FileStorage,
		Discard:              jetstream.DiscardNew,
		DiscardNewPerSubject: true,
		MaxMsgsPerSubject:    MaxWaiting,
		MaxBytes:             256 << 20,
		MaxAge:               defaultMaxAge,
		AllowMsgTTL:          true,
		Duplicates:           2 * time.Minute,
	}
}

// bucketConfig is a key-value bucket (ADR-8) whose reads always ask the
// leader: a password that was just changed must not be read from a replica
// that lags.
func bucketConfig(bucket string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              bucketStream(bucket),
		Description:       "Rollcall: " + strings.ToLower(strings.TrimPrefix(bucket, "RC_")),
		Subjects:          []string{bucketPrefix(bucket) + ">"},
		Storage:           jetstream.FileStorage,
		Discard:           jetstream.DiscardNew,
		MaxMsgsPerSubject: 1,
		MaxBytes:          -1,
		DenyDelete:        true,
		AllowRollup:       true,
		Duplicates:        10 * time.Second,
	}
}

// namesConfig: what is kept of an account because of the log's records ends with them.
func namesConfig() jetstream.StreamConfig {
	c := bucketConfig(namesBucket)
	c.AllowMsgTTL = true
	return c
}

// auditConfig: nobody can change or remove what is on record before its time. It is
// bounded by the number of its messages, each of which is small: a size would be
// reserved, on small disks too.
func auditConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        auditStream,
		Description: "Rollcall: who asked what about whom, and changed what",
		Subjects:    []string{auditSubject},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardOld,
		MaxMsgs:     maxAudit,
		MaxBytes:    -1,
		MaxAge:      365 * 24 * time.Hour,
		DenyDelete:  true,
		DenyPurge:   true,
		Duplicates:  100 * time.Millisecond,
	}
}

// ensureStream returns the stream's settings.
func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) (jetstream.StreamConfig, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		have, err := b.streamInfo(ctx, want.Name)
		switch {
		case err == nil:
			var is jetstream.StreamConfig
			if is, err = b.adopt(ctx, have.Config, want); err == nil {
				return is, nil
			}
		case errors.Is(err, jetstream.ErrStreamNotFound) && b.cfg.Existing && want.Name == logStream:
			return want, ErrNoStreams
		case errors.Is(err, jetstream.ErrStreamNotFound) && b.cfg.Existing:
			return want, ErrLacksStream
		case errors.Is(err, jetstream.ErrStreamNotFound):
			err = b.create(ctx, want)
			if err == nil || apiCode(err) == codeNameInUse { // another process was first
				continue
			}
		}
		if permanent(err) {
			return want, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return want, fmt.Errorf("%w: %w", ErrNoJetStream, err)
		}
	}
}

func (b *Bus) streamInfo(ctx context.Context, name string) (info *jetstream.StreamInfo, err error) {
	return info, b.permitted(ctx, "STREAM.INFO."+name, func(ctx context.Context) error {
		s, err := b.js.Stream(ctx, name)
		if err == nil {
			info = s.CachedInfo()
		}
		return err
	})
}

// adopt checks a stream that exists, and returns its settings.
func (b *Bus) adopt(ctx context.Context, have, want jetstream.StreamConfig) (jetstream.StreamConfig, error) {
	if have.Metadata[restoringKey] != "" {
		return have, ErrRestoring
	}
	if bad := differences(have, want); len(bad) > 0 {
		return have, fmt.Errorf("%w: %s; use another NATS account, or mend or remove the stream", ErrMismatch, strings.Join(bad, ", "))
	}
	return b.release(ctx, have)
}

// differences lists the settings of a stream that would break a promise.
func differences(have, want jetstream.StreamConfig) (bad []string) {
	check := func(setting string, have, want any) {
		if have != want {
			bad = append(bad, fmt.Sprintf("its %s is %v, not %v", setting, have, want))
		}
	}
	check("list of subjects", strings.Join(have.Subjects, " "), strings.Join(want.Subjects, " "))
	check("retention", have.Retention, want.Retention)
	check("storage", have.Storage, want.Storage)
	check("discard policy", have.Discard, want.Discard)
	check("discard policy per subject", have.DiscardNewPerSubject, want.DiscardNewPerSubject)
	check("deny_delete", have.DenyDelete, want.DenyDelete)
	check("allow_rollup_hdrs", have.AllowRollup, want.AllowRollup || want.SubjectDeleteMarkerTTL > 0)
	check("allow_msg_ttl", have.AllowMsgTTL, want.AllowMsgTTL)
	check("allow_msg_schedules", have.AllowMsgSchedules, false)
	check("allow_direct", have.AllowDirect, false)
	check("no_ack", have.NoAck, false)
	check("sealed", have.Sealed, false)
	check("persist_mode", have.PersistMode, jetstream.DefaultPersistMode)
	check("mirror", have.Mirror != nil, false)
	check("subject transform", have.SubjectTransform != nil, false)
	check("number of shards", have.Metadata[shardsKey], want.Metadata[shardsKey])
	if want.Name == logStream {
		check("deny_purge", have.DenyPurge, true)
		check("max_msgs", have.MaxMsgs, int64(-1))
	}
	if want.Name == auditStream {
		check("deny_purge", have.DenyPurge, true)
	}
	check("max_msg_size", have.MaxMsgSize, int32(-1))
	if want.MaxMsgsPerSubject == 0 {
		want.MaxMsgsPerSubject = -1 // as the server writes it
	}
	check("max_msgs_per_subject", have.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
	return bad
}

func bucketStream(bucket string) string { return "KV_" + bucket }
func bucketPrefix(bucket string) string { return "$KV." + bucket + "." }
