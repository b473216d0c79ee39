//go:build unix

package ops

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// owned refuses to work as root in a folder of another user: what root makes there the server could
// not change afterwards, and would not start.
func owned(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || !ok || st.Uid == 0 {
		return nil
	}
	name := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return fmt.Errorf("data folder %s belongs to %s, who could not change what root makes there: run this as %[2]s (runuser -u %[2]s -- ...)", folder, name)
}
