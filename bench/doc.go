// Command bench measures how fast lenddesk reads and takes bids. It builds, or takes up, a book of a million bids on SQLite and on PostgreSQL, runs the screens of
// screens.go against the real program, and in the same run against the same screens written by hand, and writes docs/performance.md.
//
//	make bench                                   # the whole book; kept in .bench/ and in the database lenddesk_bench
//	make bench ARGS='-users 2000 -name small'    # a small one, to try it
//	make bench ARGS='-only Q2 -clients 16'       # one row
//
// Every contestant is a process of its own, so that processor time and memory can be told apart: the program itself (built with the tag
// bench, which only adds a profile on request), and this one started again as the hand-written server (byhand.go): prepared statements, JSON
// appended in Go, no viewer, no rule, no limit, the runtime's settings and as many connections as the program has. On SQLite a second one
// lets the database make the JSON; the better one counts. Before anything is timed all answers are compared. Rounds of the contestants take turns, since no
// machine is equally fast for minutes.
//
// To measure another screen, add it to screens: its document, its arguments, and how a person would have written it.
package main
