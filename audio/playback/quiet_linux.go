//go:build linux && cgo

package playback

/*
#cgo pkg-config: alsa
#include <alsa/asoundlib.h>

static void sampleagent_quiet(const char *file, int line, const char *function, int err, const char *fmt, ...) {}
static void sampleagent_silence(void) { snd_lib_error_set_handler(sampleagent_quiet); }
*/
import "C"

// ALSA prints a page of lookups to standard error when there is no card; that there is no device
// is said by Device, in words.
func init() { C.sampleagent_silence() }
