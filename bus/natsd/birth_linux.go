package natsd

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// birth is when a file was made, to tell it from a copy; "" where that can't be found
// out.
func birth(f *os.File) string {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return "" // an old kernel, or a file system that does not keep it
	}
	return fmt.Sprintf("made %d.%09d\n", st.Btime.Sec, st.Btime.Nsec)
}
