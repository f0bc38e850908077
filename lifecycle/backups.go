package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/backup"
	"lenddesk/key"
)

// Backups is the lifecycle of a copy of the database.
var Backups = &Table{Kind: key.KindBackup}

// kept are the statuses of a copy that was made.
var kept = []backup.Status{backup.StatusSucceeded, backup.StatusVerified}

// The moves of a copy.
var (
	CreateBackup = add(Backups, Move[backup.Status]{
		Name:    "createBackup",
		To:      []backup.Status{backup.StatusRunning},
		By:      []By{permitted(access.ManageBackups), system},
		Follows: "the copy is made beside the running platform",
	})
	FinishBackup = add(Backups, Move[backup.Status]{
		Name:    "finishBackup",
		From:    []backup.Status{backup.StatusRunning},
		To:      []backup.Status{backup.StatusSucceeded},
		By:      []By{system},
		Follows: "verified, where the parameter BACKUP_MODE asks for it",
	})
	FailBackup = add(Backups, Move[backup.Status]{
		Name: "failBackup",
		From: []backup.Status{backup.StatusRunning},
		To:   []backup.Status{backup.StatusFailed},
		By:   []By{system},
	})
	VerifyBackup = add(Backups, Move[backup.Status]{
		Name:    "verifyBackup",
		From:    append(kept, backup.StatusFailed),
		By:      []By{permitted(access.ManageBackups)},
		Follows: "the copy is opened and checked",
	})
	PassBackupVerification = add(Backups, Move[backup.Status]{
		Name: "passBackupVerification",
		From: append(kept, backup.StatusFailed),
		To:   []backup.Status{backup.StatusVerified},
		By:   []By{system},
	})
	FailBackupVerification = add(Backups, Move[backup.Status]{
		Name: "failBackupVerification",
		From: append(kept, backup.StatusFailed),
		To:   []backup.Status{backup.StatusFailed},
		By:   []By{system},
	})
)
