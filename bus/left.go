package bus

import (
	"context"
	"fmt"
)

// accountInfo is asked for what the account may use of JetStream, and uses.
const accountInfo = "INFO"

// Left is how many bytes the log can still grow by before the account has all that it may
// store; false if the account has no limit, as that of an embedded server. A limit counts each
// replica. One for each number of replicas (tiers) is not told of.
func (l *Log) Left(ctx context.Context) (bytes uint64, ok bool, err error) {
	var account struct {
		Used   uint64 `json:"storage"`
		Limits struct {
			Storage int64 `json:"max_storage"`
		} `json:"limits"`
	}
	if err := l.b.api(ctx, accountInfo, struct{}{}, &account); err != nil {
		return 0, false, fmt.Errorf("look at the account: %w", err)
	}
	if account.Limits.Storage <= 0 {
		return 0, false, nil
	}
	i, err := l.b.info(ctx, logStream)
	if err != nil {
		return 0, false, fmt.Errorf("info of %s: %w", logStream, err)
	}
	limit := uint64(account.Limits.Storage)
	return (max(limit, account.Used) - account.Used) / uint64(max(i.Config.Replicas, 1)), true, nil
}
