package capacity

import "context"

// A Disk is what a log is stored on.
type Disk struct {
	Free uint64 // bytes by which the log can still grow
	// Account tells that this is what the account may use of a NATS server that is not
	// embedded; how full its disks are, nobody says.
	Account bool
}

// A DiskLog is a Log that knows its disk.
type DiskLog interface {
	Log
	// Disk returns nil if nobody can tell.
	Disk(ctx context.Context) *Disk
}

// diskOf is the log's, nil if nobody can tell.
func diskOf(ctx context.Context, log Log) *Disk {
	if on, ok := log.(DiskLog); ok {
		return on.Disk(ctx)
	}
	return nil
}

// Room is the size in bytes at which nobody can log in any longer: Mark or, with byDisk, what
// the disk takes, which is less. It is 0 if there is no limit, or nobody knows of one.
func (r *Report) Room() (size uint64, byDisk bool) {
	if r.Disk == nil {
		return r.Mark, false
	}
	if size := max(r.Bytes+r.Disk.Free, 1); r.Mark == 0 || size < r.Mark {
		return size, true
	}
	return r.Mark, false
}

// room is its size.
func (r *Report) room() float64 {
	size, _ := r.Room()
	return float64(size)
}
