package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/document"
	"lenddesk/key"
)

// Documents is the lifecycle of a credit-review material (信审资料).
var Documents = &Table{Kind: key.KindDocument, Owner: "owner_id"}

// The moves of a document.
var (
	RequestDocument = add(Documents, Move[document.Status]{
		Name: "requestDocument", To: []document.Status{document.StatusRequested}, By: []By{permitted(access.ReviewMaterials), system},
		Follows: "mail to the owner",
	})
	UploadDocument = add(Documents, Move[document.Status]{
		Name: "uploadDocument", From: []document.Status{document.StatusRequested}, To: []document.Status{document.StatusPendingReview},
		By: []By{owner}, Guards: []Guard{activeUploader, openForUploads}, Follows: "fulfils the request",
	})
	AddDocument = add(Documents, Move[document.Status]{
		Name: "addDocument", To: []document.Status{document.StatusPendingReview}, By: []By{owner}, Follows: "an upload that nobody asked for",
	})
	ApproveDocument = add(Documents, Move[document.Status]{
		Name: "approveDocument", From: []document.Status{document.StatusPendingReview}, To: []document.Status{document.StatusApproved},
		By: []By{permitted(access.ReviewMaterials)}, Guards: []Guard{otherThanOwner, materialsReviewed, stillValid},
	})
	RejectDocument = add(Documents, Move[document.Status]{
		Name: "rejectDocument", From: []document.Status{document.StatusPendingReview}, To: []document.Status{document.StatusRejected},
		By: []By{permitted(access.ReviewMaterials)}, Guards: []Guard{otherThanOwner, materialsReviewed}, Follows: "mail with the reason",
	})
	WaiveDocument = add(Documents, Move[document.Status]{
		Name: "waiveDocument", From: []document.Status{document.StatusRequested, document.StatusRejected}, To: []document.Status{document.StatusWaived},
		By: []By{permitted(access.ReviewMaterials)}, Guards: []Guard{otherThanOwner, otherThanRequester, materialsReviewed},
		Follows: "not insisted on any more",
	})
	SupersedeDocument = add(Documents, Move[document.Status]{
		Name: "supersedeDocument",
		From: []document.Status{document.StatusPendingReview, document.StatusApproved, document.StatusRejected, document.StatusExpired},
		To:   []document.Status{document.StatusSuperseded}, By: []By{owner, system}, Follows: "an upload that replaces it",
	})
	ExpireDocument = add(Documents, Move[document.Status]{
		Name: "expireDocument", From: []document.Status{document.StatusPendingReview, document.StatusApproved}, To: []document.Status{document.StatusExpired},
		By: []By{system}, Follows: "asked for anew",
	})
)
