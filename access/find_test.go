package access_test

import (
	"context"
	"reflect"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

func TestFindAnswersAlikeForWhatIsMissingAndWhatIsHidden(t *testing.T) {
	ids, err := key.NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		mine := customer(t, s, 1, user.StatusActive, true, false)
		hidden := customer(t, s, 2, user.StatusActive, true, false)
		find := func(v access.Viewer, id string) (found key.User, err error) {
			_ = s.InTx(access.With(t.Context(), v), func(ctx context.Context, tx *store.Tx) error {
				found, err = access.Find[key.User](ctx, tx, ids, key.KindUser, user.Table, id, "input", "userId")
				return err
			})
			return found, err
		}
		me := access.Viewer{User: mine.ID}
		missing := fault.Refuse(fault.Problem{Code: fault.NotFound}, "input", "userId")
		for name, id := range map[string]string{
			"empty": "", "malformed": "user_zz", "no text": "user_\x00", "of another type": ids.Encode(key.KindLoan, int64(mine.ID)),
			"of no row": ids.Encode(key.KindUser, 1<<40), "in capitals": "USER_" + ids.Encode(key.KindUser, int64(mine.ID))[5:],
			"hidden": ids.Encode(key.KindUser, int64(hidden.ID)),
		} {
			if found, err := find(me, id); found != 0 || !reflect.DeepEqual(err, missing) {
				t.Errorf("%s: found %d, %v", name, found, err)
			}
		}
		for name, v := range map[string]access.Viewer{
			"nobody": {}, "staff who may see no users": {Staff: 1, Permissions: access.Of(access.ViewStatistics)}, "the system": {System: "mailer"},
		} {
			if found, err := find(v, ids.Encode(key.KindUser, int64(mine.ID))); found != 0 || !reflect.DeepEqual(err, missing) {
				t.Errorf("%s: found %d, %v", name, found, err)
			}
		}
		for name, v := range map[string]access.Viewer{"oneself": me, "staff who may": {Staff: 1, Permissions: access.Of(access.ViewUsers)}} {
			if found, err := find(v, ids.Encode(key.KindUser, int64(mine.ID))); err != nil || found != mine.ID {
				t.Errorf("%s: found %d, %v", name, found, err)
			}
		}
	})
}

func TestNobodySeesAnythingByDefault(t *testing.T) {
	for kind, rule := range access.Rows {
		for name, eyes := range map[string]access.Eyes{
			"nobody":                          {},
			"a key without permissions":       {APIKey: int64(1)},
			"who may only look at statistics": {Permissions: access.Of(access.ViewStatistics)},
		} {
			if kind == key.KindAPIKey && eyes.APIKey != nil {
				continue // a key sees itself
			}
			rows := sql.Dialect(dialect.Postgres).Table("t")
			seen := rule(eyes, rows)
			if seen == nil {
				t.Errorf("%s sees every %s", name, kind)
				continue
			}
			if got, _ := sql.Dialect(dialect.Postgres).Select("id").From(rows).Where(seen).Query(); got != `SELECT "id" FROM "t" WHERE FALSE` {
				t.Errorf("%s sees of %s: %s", name, kind, got)
			}
		}
	}
}
