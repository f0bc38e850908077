package key

// Keys of the tables: plain sequences, never shown to a client as they are.
type (
	User            int64
	Company         int64
	Staff           int64
	Role            int64
	Session         int64
	APIKey          int64
	Loan            int64
	Bid             int64
	Installment     int64
	Repayment       int64
	BankCard        int64
	BankCardAttempt int64
	Document        int64
	Review          int64
	ServiceRecord   int64
	ServiceRequest  int64
	Event           int64
	Message         int64
	Parameter       int64
	Idempotency     int64
	Claim           int64
	Link            int64
	Guess           int64
	Allocation      int64
	Disbursement    int64
	Backup          int64
	Webhook         int64
	WebhookDelivery int64
	Export          int64
	Import          int64
	ImportFault     int64
)

// Kind says what an id, or a reference to several types, points to. Its value is the GraphQL type's name.
type Kind string

// The kinds that an id can have: every type that implements Node.
const (
	KindUser            Kind = "User"
	KindCompany         Kind = "Company"
	KindStaff           Kind = "Staff"
	KindRole            Kind = "Role"
	KindAPIKey          Kind = "ApiKey"
	KindLoan            Kind = "Loan"
	KindBid             Kind = "Bid"
	KindInstallment     Kind = "Installment"
	KindRepayment       Kind = "Repayment"
	KindBankCard        Kind = "BankCard"
	KindBankCardAttempt Kind = "BankCardAttempt"
	KindDocument        Kind = "Document"
	KindReview          Kind = "Review"
	KindServiceRecord   Kind = "ServiceRecord"
	KindServiceRequest  Kind = "ServiceRequest"
	KindEvent           Kind = "Event"
	KindMessage         Kind = "Message"
	KindDisbursement    Kind = "Disbursement"
	KindBackup          Kind = "Backup"
	KindWebhook         Kind = "Webhook"
	KindWebhookDelivery Kind = "WebhookDelivery"
	KindExport          Kind = "Export"
	KindImport          Kind = "Import"
	KindImportFault     Kind = "ImportFault"
)

// prefixes are part of the public ids: a line may be added, never changed.
var prefixes = map[Kind]string{
	KindUser: "user", KindCompany: "company", KindStaff: "staff", KindRole: "role", KindAPIKey: "apikey", KindLoan: "loan",
	KindBid: "bid", KindInstallment: "installment", KindRepayment: "repayment", KindBankCard: "card",
	KindBankCardAttempt: "attempt", KindDocument: "document", KindReview: "review", KindServiceRecord: "record",
	KindServiceRequest: "request", KindEvent: "event", KindMessage: "message",
	KindDisbursement: "disbursement", KindBackup: "backup", KindWebhook: "webhook", KindWebhookDelivery: "delivery",
	KindExport: "export", KindImport: "import", KindImportFault: "fault",
}

var kinds = func() map[string]Kind {
	m := make(map[string]Kind, len(prefixes))
	for k, p := range prefixes {
		m[p] = k
	}
	return m
}()

// HasID says whether rows of the kind have public ids: a few subjects of events, such as parameters, have none.
func (k Kind) HasID() bool { return prefixes[k] != "" }
