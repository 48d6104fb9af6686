package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of times in proc(5): USER_HZ, which is 100 wherever Linux
// runs.
const tick = time.Second / 100

// cpuTime is what the server's processes have used of the processor, in user
// mode and in the kernel.
func (s *Server) cpuTime() (time.Duration, error) {
	var sum time.Duration
	for _, pid := range s.PIDs {
		f, err := processStat(pid)
		if err != nil {
			return 0, err
		}
		for _, i := range []int{11, 12} { // utime and stime
			n, err := strconv.ParseInt(string(f[i]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("stat of process %d: %w", pid, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}

// memory is the resident set of the server's processes, in bytes.
func (s *Server) memory() (int64, error) {
	var sum int64
	for _, pid := range s.PIDs {
		n, err := Resident(pid)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Resident is the resident set of a process of this machine, in bytes.
func Resident(pid int) (int64, error) {
	f, err := processStat(pid)
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(string(f[21]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("stat of process %d: %w", pid, err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// processStat returns the fields of /proc/PID/stat after the command, which is
// in parentheses and may contain anything.
func processStat(pid int) ([][]byte, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, fmt.Errorf("process %d can't be measured: %w", pid, err)
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 22 {
		return nil, errors.New("proc: a stat line is too short")
	}
	return fields, nil
}
