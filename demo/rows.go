package demo

import "lenddesk/ent"

// Each of these copies a row of the book into ent's creation of it.

func setCompany(c *ent.CompanyCreate, r *ent.Company) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetKind(r.Kind).SetName(r.Name).SetCreditCode(r.CreditCode).SetNillableIndustry(r.Industry).
		SetNillableLegalRepresentative(r.LegalRepresentative).SetNillableAddress(r.Address).SetPhone(r.Phone).
		SetNillableRegisteredCapital(r.RegisteredCapital).SetNillableEstablishedOn(r.EstablishedOn).
		SetNillableCreatedByID(r.CreatedByID)
}

func setUser(c *ent.UserCreate, r *ent.User) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetName(r.Name).SetNillableEmail(r.Email).SetPhone(r.Phone).SetNillablePhoneHash(r.PhoneHash).
		SetNillableNationalIDHash(r.NationalIDHash).SetNillablePasswordHash(r.PasswordHash).SetLocale(r.Locale).
		SetBorrower(r.Borrower).SetInvestor(r.Investor).SetNillableSource(r.Source).SetNillableCompanyID(r.CompanyID).
		SetNillableAccountManagerID(r.AccountManagerID).SetNillablePreviousUserID(r.PreviousUserID).
		SetNillableJoinedIntoID(r.JoinedIntoID).SetNillableCreatedByID(r.CreatedByID)
	if len(r.NationalID) > 0 {
		c.SetNationalID(r.NationalID)
	}
	if len(r.Tags) > 0 {
		c.SetTags(r.Tags)
	}
}

func setBankCard(c *ent.BankCardCreate, r *ent.BankCard) {
	if len(r.NationalID) > 0 {
		c.SetNationalID(r.NationalID)
	}
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetUserID(r.UserID).SetNumber(r.Number).SetNumberHash(r.NumberHash).SetNillableIssuer(r.Issuer).
		SetHolderName(r.HolderName).SetPhone(r.Phone).SetNillableReplacesID(r.ReplacesID).SetNillableFailure(r.Failure)
}

func setBankCardAttempt(c *ent.BankCardAttemptCreate, r *ent.BankCardAttempt) {
	c.SetBankCardID(r.BankCardID).SetSystem(r.System).SetRequestID(r.RequestID).SetNillableResult(r.Result).
		SetNillableRawCode(r.RawCode).SetStartedAt(r.StartedAt).SetNillableFinishedAt(r.FinishedAt).
		SetNillableAmount(r.Amount).SetNillableCurrency(r.Currency).SetAsks(r.Asks).SetNillableAskedAt(r.AskedAt)
}

func setLoan(c *ent.LoanCreate, r *ent.Loan) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetNumber(r.Number).SetBorrowerID(r.BorrowerID).SetNillableCompanyID(r.CompanyID).
		SetRequestedAmount(r.RequestedAmount).SetRequestedAnnualRate(r.RequestedAnnualRate).
		SetRequestedTermMonths(r.RequestedTermMonths).SetAmount(r.Amount).SetAnnualRate(r.AnnualRate).SetTermMonths(r.TermMonths).
		SetRepaymentMethod(r.RepaymentMethod).SetPurpose(r.Purpose).SetNillableDescription(r.Description).
		SetRound(r.Round).SetApprovalsNeeded(r.ApprovalsNeeded).SetTermsAccepted(r.TermsAccepted).
		SetNillableSubmittedAt(r.SubmittedAt).SetNillableMinimumBid(r.MinimumBid).SetNillableBidStep(r.BidStep).
		SetNillableOpensAt(r.OpensAt).SetNillableClosesAt(r.ClosesAt).SetReservedAmount(r.ReservedAmount).
		SetFundedAmount(r.FundedAmount).SetNillableDisbursedAt(r.DisbursedAt)
}

func setBid(c *ent.BidCreate, r *ent.Bid) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetLoanID(r.LoanID).SetInvestorID(r.InvestorID).SetAmount(r.Amount)
}

func setInstallment(c *ent.InstallmentCreate, r *ent.Installment) {
	c.SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).SetStatusSince(r.StatusSince).
		SetLoanID(r.LoanID).SetNillableBidID(r.BidID).SetPlan(r.Plan).SetNumber(r.Number).SetDueOn(r.DueOn).SetPrincipal(r.Principal).
		SetInterest(r.Interest).SetPenalty(r.Penalty).SetPaidPrincipal(r.PaidPrincipal).SetPaidInterest(r.PaidInterest).
		SetPaidPenalty(r.PaidPenalty)
}

func setRepayment(c *ent.RepaymentCreate, r *ent.Repayment) {
	c.SetCreatedAt(r.CreatedAt).SetLoanID(r.LoanID).SetAmount(r.Amount).SetPenalty(r.Penalty).SetInterest(r.Interest).
		SetPrincipal(r.Principal).SetPaidAt(r.PaidAt).SetReference(r.Reference).SetNillableReversedAt(r.ReversedAt).
		SetReportedByType(r.ReportedByType).SetReportedByID(r.ReportedByID).SetNillableReportedByName(r.ReportedByName)
}

func setDocument(c *ent.DocumentCreate, r *ent.Document) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetSubjectType(r.SubjectType).SetSubjectID(r.SubjectID).SetNillableOwnerID(r.OwnerID).
		SetKind(r.Kind).SetNillableName(r.Name).SetNillableContentType(r.ContentType).SetNillableSize(r.Size).
		SetNillableValidUntil(r.ValidUntil).SetNillableReason(r.Reason).SetNillableReplacesID(r.ReplacesID).
		SetNillableRequestedByID(r.RequestedByID)
}

func setReview(c *ent.ReviewCreate, r *ent.Review) {
	c.SetCreatedAt(r.CreatedAt).SetSubjectType(r.SubjectType).SetSubjectID(r.SubjectID).SetStep(r.Step).SetRound(r.Round).
		SetDecision(r.Decision).SetReviewerID(r.ReviewerID).SetNillableReason(r.Reason)
}

func setServiceRecord(c *ent.ServiceRecordCreate, r *ent.ServiceRecord) {
	c.SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetUserID(r.UserID).SetKind(r.Kind).SetText(r.Text).
		SetNillableDueAt(r.DueAt).SetNillableCompletedAt(r.CompletedAt).SetNillableAuthorID(r.AuthorID).
		SetNillableAssigneeID(r.AssigneeID)
}

func setServiceRequest(c *ent.ServiceRequestCreate, r *ent.ServiceRequest) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetLoanID(r.LoanID).SetKind(r.Kind).SetNillableMonths(r.Months).SetNillableReason(r.Reason).
		SetNillableValidUntil(r.ValidUntil)
}

func setMessage(c *ent.MessageCreate, r *ent.Message) {
	c.SetCreatedAt(r.CreatedAt).SetNillableUserID(r.UserID).SetKind(r.Kind).SetTo(r.To).SetSubject(r.Subject).SetText(r.Text).
		SetLocale(r.Locale).SetState(r.State).SetAttempts(r.Attempts).SetNillableSentAt(r.SentAt)
}

func setEvent(c *ent.EventCreate, r *ent.Event) {
	c.SetSubjectType(r.SubjectType).SetSubjectID(r.SubjectID).SetKind(r.Kind).SetNillableUserID(r.UserID).SetActorType(r.ActorType).
		SetActorID(r.ActorID).SetNillableActorName(r.ActorName).SetNillableFrom(r.From).SetNillableTo(r.To).
		SetNillableReason(r.Reason).SetAt(r.At)
	if len(r.Changes) > 0 {
		c.SetChanges(r.Changes)
	}
}

func setStaff(c *ent.StaffCreate, r employee) {
	c.SetID(r.ID).SetCreatedAt(r.CreatedAt).SetUpdatedAt(r.UpdatedAt).SetVersion(r.Version).SetStatus(r.Status).
		SetStatusSince(r.StatusSince).SetName(r.Name).SetEmail(r.Email).SetPhone(r.Phone).SetNillablePhoneHash(r.PhoneHash).
		SetNillablePasswordHash(r.PasswordHash).SetLocale(r.Locale).SetNillableEmployeeNumber(r.EmployeeNumber).
		SetNillableDepartment(r.Department).SetNillableCompanyID(r.CompanyID).AddRoleIDs(r.role)
}
