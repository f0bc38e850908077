package administration

import (
	"context"
	"fmt"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/parameter"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	parameters "lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// SetParameterInput is a value, and from when it is in force; without a time, from now on.
type SetParameterInput struct{ Name, Value, EffectiveAt *string }

// kindParameter is the subject of the event of a set parameter. It is no object that an id is given for.
const kindParameter key.Kind = "Parameter"

// SetParameter sets a parameter, or dates a value ahead; another value at the same moment replaces the one of before, as long as it is ahead. It returns
// REQUIRED; NOT_FOUND at name for what is no parameter; at value what is wrong with it; at effectiveAt INVALID, and OUT_OF_RANGE for the past.
func (o *Office) SetParameter(ctx context.Context, in SetParameterInput) (string, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageParameters); err != nil {
		return "", err
	}
	var faults fault.List
	name, value := workflow.Value(in.Name), workflow.Value(in.Value)
	if name == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "name")
	} else if _, known := parameters.Find(name); !known {
		faults.Add(fault.Problem{Code: fault.NotFound, Text: "parameter_unknown"}, "name")
	} else if problem := parameters.Check(name, value); problem != nil {
		faults.Add(*problem, "value")
	}
	var at *time.Time
	if in.EffectiveAt != nil {
		then := ahead(&faults, *in.EffectiveAt, "effectiveAt")
		at = &then
	}
	if err := faults.Err(); err != nil {
		return "", err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (string, error) {
		if err := tx.Alone(ctx, setting); err != nil {
			return "", err
		}
		from := lifecycle.Now()
		if at != nil {
			from = *at
		}
		before, err := o.ParametersAt(ctx, tx, from)
		if err != nil {
			return "", err
		}
		if _, err := tx.Parameter.Delete().Where(parameter.Name(name), parameter.EffectiveAt(from)).Exec(ctx); err != nil {
			return "", fmt.Errorf("replace a value ahead: %w", err)
		}
		create := tx.Parameter.Create().SetName(name).SetValue(value).SetEffectiveAt(from)
		if me.Staff != 0 {
			create.SetSetByID(me.Staff)
		}
		p, err := create.Save(ctx)
		if err != nil {
			return "", fmt.Errorf("set a parameter: %w", err)
		}
		changes := map[string]any{name: map[string]any{"from": before.Text(name), "to": value}}
		if at != nil {
			changes["effectiveAt"] = from.Format(time.RFC3339Nano)
		}
		return name, lifecycle.Record(ctx, tx, "setParameter", kindParameter, int64(p.ID), 0, lifecycle.Said{Changes: changes})
	})
}

// setting is the number under which one transaction at a time sets parameters.
const setting = 0x6c64_6465_736b_0002

// Parameter is a parameter with its value in force and all that it was given.
type Parameter struct {
	parameters.Definition
	Value string
	Given []*ent.Parameter // newest first; those ahead stand first
}

// EveryParameter is all parameters in the order of their definitions.
func (o *Office) EveryParameter(ctx context.Context) ([]Parameter, error) {
	rows, err := o.Store.Client().Parameter.Query().Order(parameter.ByEffectiveAt(), parameter.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	now, values, given := lifecycle.Now(), parameters.Values{}, map[string][]*ent.Parameter{}
	for _, p := range rows {
		if !p.EffectiveAt.After(now) {
			values[p.Name] = p.Value
		}
		given[p.Name] = append([]*ent.Parameter{p}, given[p.Name]...)
	}
	all := make([]Parameter, len(parameters.Definitions))
	for i, d := range parameters.Definitions {
		all[i] = Parameter{d, values.Text(d.Name), given[d.Name]}
	}
	return all, nil
}
