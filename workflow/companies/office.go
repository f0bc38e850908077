package companies

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of companies.
type Office struct{ *workflow.Desk }

// company finds the company that an input names.
func (o *Office) company(ctx context.Context, tx *store.Tx, id string) (*ent.Company, error) {
	k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, id, "companyId")
	if err != nil {
		return nil, err
	}
	c, err := tx.Company.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read company: %w", err)
	}
	return c, nil
}

// firm is a company as a move's object.
func firm(c *ent.Company) lifecycle.Object[company.Status] {
	return lifecycle.Object[company.Status]{ID: int64(c.ID), Status: c.Status, Version: c.Version}
}

// VerifyInput names a company whose legal data are right.
type VerifyInput struct {
	CompanyID       string
	Note            *string
	ExpectedVersion *int
}

// Verify says that a company's legal data have been checked.
func (o *Office) Verify(ctx context.Context, in VerifyInput) (key.Company, error) {
	if err := mayReview(ctx, lifecycle.VerifyCompany); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.decide(ctx, lifecycle.VerifyCompany, review.DecisionApproved, in.CompanyID, said)
}

// RejectInput says why a company is refused.
type RejectInput struct {
	CompanyID       string
	Reason          *string
	ExpectedVersion *int
}

// Reject refuses a company; its credit code is free again.
func (o *Office) Reject(ctx context.Context, in RejectInput) (key.Company, error) {
	if err := mayReview(ctx, lifecycle.RejectCompany); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.decide(ctx, lifecycle.RejectCompany, review.DecisionRejected, in.CompanyID, said)
}

// mayReview refuses whom the move does, and API keys: a review is a person's.
func mayReview(ctx context.Context, m lifecycle.Move[company.Status]) error {
	me := access.From(ctx)
	if err := m.Permit(me); err != nil {
		return err
	}
	if me.Staff == 0 {
		return fault.Deny(fault.Forbidden, "Companies are reviewed by people, not by API keys.")
	}
	return nil
}

// decide moves a company and keeps the reviewer's decision. Each one is a round of its own.
func (o *Office) decide(ctx context.Context, m lifecycle.Move[company.Status], d review.Decision, id string, said lifecycle.Said) (key.Company, error) {
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Company, error) {
		c, err := o.company(ctx, tx, id)
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, m, tx.Company.Update(), firm(c), said); err != nil {
			return 0, err
		}
		before, err := tx.Review.Query().Where(review.SubjectType(string(key.KindCompany)), review.SubjectID(int64(c.ID))).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count reviews: %w", err)
		}
		create := tx.Review.Create().SetSubjectType(string(key.KindCompany)).SetSubjectID(int64(c.ID)).SetStep(review.StepCompany).
			SetRound(before + 1).SetDecision(d).SetReviewerID(access.From(ctx).Staff)
		if said.Reason != "" {
			create.SetReason(said.Reason)
		}
		if said.Note != "" {
			create.SetNote(said.Note)
		}
		if err := create.Exec(ctx); err != nil {
			return 0, fmt.Errorf("keep the decision: %w", err)
		}
		return c.ID, nil
	})
}
