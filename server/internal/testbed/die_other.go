//go:build !linux

package testbed

import "syscall"

// dieWithUs is for Linux alone; elsewhere Main stops the parts.
func dieWithUs(*syscall.SysProcAttr) {}
