package lossy

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Mount serves the disk at a directory until unmount is called. It fails on a
// machine that has no FUSE, or none for this user.
func (d *Disk) Mount(dir string) (unmount func() error, err error) {
	s, err := d.connect(dir, true)
	if err != nil { // this user needs fusermount
		s, err = d.connect(dir, false)
	}
	if err != nil {
		return nil, err
	}
	go s.Serve() // ends with the mount
	if err := s.WaitMount(); err != nil {
		return nil, err
	}
	return s.Unmount, nil
}

// connect mounts the disk, by itself or by fusermount. No process begins before the
// connection is kept from it, but for that one.
func (d *Disk) connect(dir string, direct bool) (*fuse.Server, error) {
	if direct {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
	}
	s, err := fuse.NewServer(&server{RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d}, dir, &fuse.MountOptions{
		FsName: "lossy", DirectMountStrict: direct, DisableXAttrs: true, DisableReadDirPlus: true, MaxWrite: 1 << 20,
	})
	if err != nil {
		return nil, err
	}
	return s, keepToOneself()
}

// keepToOneself has no process that this one starts inherit the connection to the
// kernel. With it the filesystem would outlive this process, and whoever used it would
// wait for ever.
func keepToOneself() error {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range fds {
		to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if fd, e := strconv.Atoi(e.Name()); err == nil && e == nil && to == "/dev/fuse" {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}

// A server answers the kernel. Whatever it does not implement is not supported.
type server struct {
	fuse.RawFileSystem
	disk *Disk
}

func (s *server) node(number uint64) *node {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	return s.disk.nodes[number]
}

func (s *server) attr(n *node, a *fuse.Attr) {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	a.Ino, a.Nlink, a.Blksize = n.number, 1, page
	a.Mode = syscall.S_IFREG | 0o600
	if n.isDir() {
		a.Mode = syscall.S_IFDIR | 0o700
	}
	a.Size = uint64(len(n.data))
	a.Blocks = (a.Size + 511) / 512
	a.Uid, a.Gid = uint32(syscall.Getuid()), uint32(syscall.Getgid())
}

func (s *server) entry(n *node, out *fuse.EntryOut) {
	out.NodeId = n.number
	s.attr(n, &out.Attr)
}

func (s *server) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	s.disk.mu.Lock()
	_, n, err := s.disk.find(h.NodeId, name)
	s.disk.mu.Unlock()
	if err != 0 {
		return fuse.Status(err)
	}
	s.entry(n, out)
	return fuse.OK
}

func (s *server) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	s.attr(s.node(in.NodeId), &out.Attr)
	return fuse.OK
}

func (s *server) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	n := s.node(in.NodeId)
	if size, ok := in.GetSize(); ok {
		s.disk.truncate(n, int(size))
	}
	s.attr(n, &out.Attr)
	return fuse.OK
}

func (s *server) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	n, err := s.disk.create(in.NodeId, name, true)
	if err == 0 {
		s.entry(n, out)
	}
	return fuse.Status(err)
}

func (s *server) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	n, err := s.disk.create(in.NodeId, name, false)
	if err == syscall.EEXIST && in.Flags&syscall.O_EXCL == 0 {
		err = 0
	}
	if err == 0 {
		s.entry(n, &out.EntryOut)
	}
	return fuse.Status(err)
}

func (s *server) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(s.disk.remove(h.NodeId, name))
}

func (s *server) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(s.disk.remove(h.NodeId, name))
}

func (s *server) Rename(_ <-chan struct{}, in *fuse.RenameIn, name, toName string) fuse.Status {
	return fuse.Status(s.disk.rename(in.NodeId, name, in.Newdir, toName))
}

func (s *server) Open(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status    { return fuse.OK }
func (s *server) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }
func (s *server) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status                 { return fuse.OK }
func (s *server) Access(<-chan struct{}, *fuse.AccessIn) fuse.Status               { return fuse.OK }

func (s *server) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n := s.disk.read(s.node(in.NodeId), int(in.Offset), buf)
	return fuse.ReadResultData(buf[:n]), fuse.OK
}

func (s *server) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	n := s.node(in.NodeId)
	s.disk.write(n, int(in.Offset), data)
	if in.Flags&(syscall.O_SYNC|syscall.O_DSYNC) != 0 {
		if err := s.disk.sync(n); err != 0 {
			return 0, fuse.Status(err)
		}
	}
	return uint32(len(data)), fuse.OK
}

func (s *server) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(s.disk.sync(s.node(in.NodeId)))
}

func (s *server) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(s.disk.sync(s.node(in.NodeId)))
}

func (s *server) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	entries := s.disk.list(s.node(in.NodeId))
	for i := int(in.Offset); i < len(entries); i++ {
		e := entries[i]
		if !out.AddDirEntry(fuse.DirEntry{Name: e.name, Ino: e.node.number, Mode: e.mode(), Off: uint64(i + 1)}) {
			break
		}
	}
	return fuse.OK
}

// room is the disk's size, in pages, all of which is free.
const room = 16 << 30 / page

func (s *server) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	out.Blocks, out.Bfree, out.Bavail = room, room, room
	out.Bsize, out.Frsize, out.NameLen = page, page, 255
	return fuse.OK
}
