package graph

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/graph/model"
	"lenddesk/key"
	"lenddesk/workflow/customers"
)

func (r *Resolver) serviceRecord(ctx context.Context, id key.ServiceRecord, err error) (*model.ServiceRecord, []*model.UserError, error) {
	return object[model.ServiceRecord](ctx, r, access.From(ctx), key.KindServiceRecord, id, err)
}

// duplicates are who may be the same person, to be read through these eyes.
func (r *Resolver) duplicates(ctx context.Context, found []customers.Duplicate) ([]*model.PossibleDuplicate, error) {
	told := make([]*model.PossibleDuplicate, len(found))
	for i, d := range found {
		u, err := put[model.User](r.Reading.Object(access.From(ctx), key.KindUser, int64(d.User)), nil)
		if err != nil {
			return nil, err
		}
		told[i] = &model.PossibleDuplicate{User: u}
		for _, by := range d.By {
			told[i].By = append(told[i].By, model.DuplicateEvidence(by))
		}
	}
	return told, nil
}

// possibleDuplicates answers null for whom the caller may not see, as every query does.
func (r *Resolver) possibleDuplicates(ctx context.Context, userID string) ([]*model.PossibleDuplicate, error) {
	found, err := r.Customers.Duplicates(ctx, userID)
	if _, missing := fault.Find(err); missing {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.duplicates(ctx, found)
}

// users are several customers that a verb changed, each to be read with the caller's eyes.
func (r *Resolver) users(ctx context.Context, ids []key.User, err error) ([]*model.User, []*model.UserError, error) {
	faults, err := userErrors(ctx, err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	users := make([]*model.User, len(ids))
	for i, id := range ids {
		if users[i], err = put[model.User](r.Reading.Object(access.From(ctx), key.KindUser, int64(id)), nil); err != nil {
			return nil, nil, err
		}
	}
	return users, faults, nil
}

// entered is the outcome of a verb that enters or changes a customer.
func (r *Resolver) entered(ctx context.Context, e customers.Entered, err error) (*model.User, []*model.PossibleDuplicate, []*model.UserError, error) {
	user, faults, err := r.user(ctx, access.From(ctx), e.User, err)
	if err != nil {
		return nil, nil, nil, err
	}
	found, err := r.duplicates(ctx, e.Duplicates)
	return user, found, faults, err
}
