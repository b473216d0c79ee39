//go:build linux || darwin

package store

// SQLite plans a statement anew at each run when a bound value may change the plan, as that of a LIMIT
// may: for the queue's look for the next job that was half of its cost. With the guarantee of a stable
// plan (QPSG) a statement is planned once; a partial index then needs its condition written out in
// the statement. The driver has no setting for it, so every connection gets it from SQLite's own list
// of extensions. Its functions are in the driver's object file, which is not there yet when cgo links
// this file by itself for a look; therefore they are weak.

/*
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup

typedef struct sqlite3 sqlite3;
int sqlite3_db_config(sqlite3 *, int, ...) __attribute__((weak));
int sqlite3_auto_extension(void (*)(void)) __attribute__((weak));

#define SQLITE_DBCONFIG_ENABLE_QPSG 1007 // https://sqlite.org/c3ref/c_dbconfig_defensive.html

static int plan_once(sqlite3 *db, char **why, const void *api) {
	return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, (int *)0);
}

static int plan_statements_once(void) { return sqlite3_auto_extension((void (*)(void))plan_once); }
*/
import "C"

func init() {
	if C.plan_statements_once() != 0 {
		panic("SQLite takes no extension") // only without memory
	}
}
