package reading

import (
	"fmt"

	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/store"
)

// merged lets references to customers who went up in another one lead to that one.
func (r *run) merged(refs []reference) error {
	var asked []int64
	for _, ref := range refs {
		if ref.kind == string(key.KindUser) {
			asked = append(asked, ref.key)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	t := sql.Dialect(r.dialect).Table(user.Table)
	query, args := sql.Dialect(r.dialect).Select(t.C("id"), t.C(user.FieldMergedIntoID)).From(t).
		Where(sql.And((&store.KeyList{Dialect: r.dialect, List: asked}).Among(t.C("id")), sql.NotNull(t.C(user.FieldMergedIntoID)))).Query()
	rows, err := r.QueryContext(r.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("look for merged customers: %w", err)
	}
	defer rows.Close()
	into := map[int64]int64{}
	for rows.Next() {
		var from, to int64
		if err := rows.Scan(&from, &to); err != nil {
			return fmt.Errorf("look for merged customers: %w", err)
		}
		into[from] = to
	}
	for i, ref := range refs {
		if to, ok := into[ref.key]; ok && ref.kind == string(key.KindUser) {
			refs[i].key = to
		}
	}
	return rows.Err()
}
