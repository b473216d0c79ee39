package testbed

import "syscall"

// dieWithUs kills the part when the test process dies without cleaning up.
func dieWithUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
