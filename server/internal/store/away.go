package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// Away says that a query failed because the database cannot be reached, is stopping or starting, or
// cannot write: the same may be asked again later. An error of the network is taken for one of the
// database's, so ask only of what came from there.
func Away(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// PostgreSQL's manual, appendix A: connection, resources (a full disk), the operator, the system; read-only.
		for _, class := range []string{"08", "53", "57P", "58", "25006"} {
			if strings.HasPrefix(pg.Code, class) {
				return true
			}
		}
		return false
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		switch lite.Code {
		case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrBusy, sqlite3.ErrLocked:
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network *net.OpError // not net.Error, which a context's deadline is too
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || err != nil && pgconn.SafeToRetry(err)
}

// Full says that the database's disk has no room.
func Full(err error) bool {
	var pg *pgconn.PgError
	var lite sqlite3.Error
	return errors.As(err, &pg) && pg.Code == "53100" || errors.As(err, &lite) && lite.Code == sqlite3.ErrFull
}
