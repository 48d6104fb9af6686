//go:build !linux

package lossy

import "errors"

// Mount serves the disk at a directory; on this system it can't.
func (d *Disk) Mount(string) (unmount func() error, err error) { return nil, errors.ErrUnsupported }
