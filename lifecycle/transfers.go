package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/key"
)

// Exports is the lifecycle of a file that is made of the book.
var Exports = &Table{Kind: key.KindExport, Owner: export.FieldUserID}

// making is the one status of a file that is being made.
var making = []export.Status{export.StatusRunning}

// The moves of an export.
var (
	ExportUsers = add(Exports, Move[export.Status]{
		Name: "exportUsers", To: making, By: []By{permitted(access.ImportExport)}, Follows: "the file is made beside the running platform",
	})
	ExportLoans = add(Exports, Move[export.Status]{
		Name: "exportLoans", To: making, By: []By{permitted(access.ImportExport)}, Follows: "the file is made beside the running platform",
	})
	ExportBids = add(Exports, Move[export.Status]{
		Name: "exportBids", To: making, By: []By{permitted(access.ImportExport)}, Follows: "the file is made beside the running platform",
	})
	ExportUserData = add(Exports, Move[export.Status]{
		Name: "exportUserData", To: making, By: []By{{Who: Customer}, permitted(access.RevealPersonalData)},
		Follows: "the file is made beside the running platform",
	})
	FinishExport = add(Exports, Move[export.Status]{
		Name: "finishExport", From: making, To: []export.Status{export.StatusSucceeded}, By: []By{system},
	})
	FailExport = add(Exports, Move[export.Status]{
		Name: "failExport", From: making, To: []export.Status{export.StatusFailed}, By: []By{system},
	})
	ExpireExport = add(Exports, Move[export.Status]{
		Name: "expireExport", From: []export.Status{export.StatusSucceeded}, To: []export.Status{export.StatusExpired}, By: []By{system},
		Follows: "the file is removed",
	})
)

// Imports is the lifecycle of a file of potential customers.
var Imports = &Table{Kind: key.KindImport}

// reading is the one status of a file that is being read.
var reading = []importation.Status{importation.StatusRunning}

// The moves of an import.
var (
	ImportUsers = add(Imports, Move[importation.Status]{
		Name: "importUsers", To: reading, By: []By{permitted(access.ImportExport)},
		Follows: "every row is checked; then, unless it is a dry run, potential customers are added",
	})
	FinishImport = add(Imports, Move[importation.Status]{
		Name: "finishImport", From: reading, To: []importation.Status{importation.StatusSucceeded}, By: []By{system}, Follows: "the file is removed",
	})
	RefuseImport = add(Imports, Move[importation.Status]{
		Name: "refuseImport", From: reading, To: []importation.Status{importation.StatusRefused}, By: []By{system},
		Follows: "nothing was added, since rows are faulty and all or nothing was asked for; the file is removed",
	})
	FailImport = add(Imports, Move[importation.Status]{
		Name: "failImport", From: reading, To: []importation.Status{importation.StatusFailed}, By: []By{system}, Follows: "the file is removed",
	})
)
