// Package wire is what the server and its clients say to each other: the JSON of requests,
// answers, problems, live events and webhooks, and the machine codes a program decides on.
//
// It is data only. It must never know a database, a screen, a sound or how bytes travel.
// Times are RFC 3339 in UTC, sizes are bytes, lengths are seconds, money is in micro-dollars
// unless a name says otherwise, and a value that is not known is null.
package wire

// HeaderIdempotency makes a repeated upload one upload. Any text of up to 255 bytes.
const HeaderIdempotency = "Idempotency-Key"
