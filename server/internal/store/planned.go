//go:build linux || darwin

package store

// SQLite plans a statement anew at each run when a bound value may change the plan, as that of a LIMIT
// may: for the queue's look for the next job that was half of its cost. With the guarantee of a stable
// plan (QPSG) a statement is planned once; a partial index then needs its condition written out in
// the statement. The driver has no setting for it, so every connection gets it from SQLite's own list
// of extensions.
//
// For every statement that returns what it changes, and for some others, SQLite makes a table of its
// own and takes room for twenty pages at once, which the C library takes from the system and gives
// back: a hundred page faults a job. Without that first room it takes the one page that it needs.
//
// SQLite's functions are in the driver's object file, which is not there yet when cgo links this file
// by itself for a look; therefore they are weak.

/*
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup

typedef struct sqlite3 sqlite3;
int sqlite3_db_config(sqlite3 *, int, ...) __attribute__((weak));
int sqlite3_auto_extension(void (*)(void)) __attribute__((weak));
int sqlite3_config(int, ...) __attribute__((weak));

#define SQLITE_CONFIG_PAGECACHE 7 // https://sqlite.org/c3ref/c_config_covering_index_scan.html
#define SQLITE_DBCONFIG_ENABLE_QPSG 1007 // https://sqlite.org/c3ref/c_dbconfig_defensive.html

static int plan_once(sqlite3 *db, char **why, const void *api) {
	return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, (int *)0);
}

// set_up is for before the first connection. The order counts: the list of extensions starts SQLite.
static int set_up(void) {
	int refused = sqlite3_config(SQLITE_CONFIG_PAGECACHE, (void *)0, 0, 0);
	return refused ? refused : sqlite3_auto_extension((void (*)(void))plan_once);
}
*/
import "C"

import "fmt"

func init() {
	if code := C.set_up(); code != 0 { // only without memory, or when SQLite was used before
		panic(fmt.Sprintf("SQLite takes no settings: error %d", code))
	}
}
