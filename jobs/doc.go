// Package jobs is the queue: work that follows from a change is queued in the change's transaction and done after its commit.
//
// It owns how jobs are stored, fetched, retried, woken and thrown away, which is River's business; it knows no job. A job's arguments
// and its worker stand beside the verb that they belong to, and the program registers them (Work).
//
// # Invariants
//
//   - A job exists if and only if the transaction that queued it has been committed.
//   - A job is done at least once: one whose program dies in the middle is started again a few minutes later. So what a worker
//     does must bear repeating, and calls to the outer world carry the job's key.
//   - One job is worked by one program at a time, however many share the database.
//   - A worker has a minute unless its Timeout says otherwise; a failed job is tried again, ever more slowly, up to its MaxAttempts.
//   - Finished jobs are kept a day, those given up a week, then removed. Arguments are never logged; they are stored as they are, so
//     they hold ids, no personal data and no secrets.
//
// On PostgreSQL the queue listens for NOTIFY. SQLite has no such thing: there the queue writes over the one writing connection
// and is woken within the program after the commit; what another program queued in the same file is found within a second.
package jobs
