package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/apikey"
	"lenddesk/ent/parameter"
	"lenddesk/ent/role"
	"lenddesk/ent/session"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	parameters "lenddesk/parameter"
)

// The built-in roles by whose names customers hold their rights while they are ACTIVE.
const (
	BorrowerRole = "BORROWER"
	InvestorRole = "INVESTOR"
)

const (
	sessionPrefix = "lds_"
	apiKeyPrefix  = "ldk_"
	linkPrefix    = "ldl_"
)

// NewToken makes the token of a session (256 random bits) and the hash under which it is stored.
func NewToken() (token string, hash []byte) { return newToken(sessionPrefix) }

// NewAPIKey makes the token of an API key and the hash under which it is stored.
func NewAPIKey() (token string, hash []byte) { return newToken(apiKeyPrefix) }

// NewLink makes the token of a link in a mail and the hash under which it is stored.
func NewLink() (token string, hash []byte) { return newToken(linkPrefix) }

// HashOfLink is the hash under which the token of a link is stored.
func HashOfLink(token string) []byte { return hashOf(token) }

func newToken(prefix string) (token string, hash []byte) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	token = prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return token, hashOf(token)
}

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// Querier is a database or a transaction.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *stdsql.Row
}

// asked are the statements that find who a token belongs to, with the permissions that they hold: one for a session, one for an API key. They are put
// into words once for each dialect, and given the token's hash and the time.
type asked struct{ session, key string }

var questions = map[string]asked{dialect.SQLite: ask(dialect.SQLite), dialect.Postgres: ask(dialect.Postgres)}

func ask(name string) asked {
	d := sql.Dialect(name)
	s, u, st, r, pair := d.Table(session.Table).As("s"), d.Table(user.Table).As("u"), d.Table(staff.Table).As("st"), d.Table(role.Table).As("r"), d.Table(staff.RolesTable).As("pair")
	gather := "group_concat(" + r.C(role.FieldPermissions) + ", ',')"
	if name == dialect.Postgres {
		gather = "string_agg(CAST(" + r.C(role.FieldPermissions) + " AS text), ',')"
	}
	held := func() *sql.Selector { return d.Select().AppendSelectExpr(sql.Raw(gather)).From(r) }
	named := func(name, flag string) *sql.Predicate {
		return sql.And(sql.EQ(r.C(role.FieldName), sql.Raw("'"+name+"'")), sql.EQ(r.C(role.FieldBuiltIn), true), sql.EQ(u.C(flag), true))
	}
	ofSession, _ := d.Select(s.C("id"), s.C(session.FieldExpiresAt), s.C(session.FieldUserID), s.C(session.FieldStaffID), u.C(user.FieldStatus), u.C(user.FieldLocale), st.C(staff.FieldStatus), st.C(staff.FieldLocale), st.C(staff.FieldTotpSince)).
		AppendSelectExprAs(ifSet(s.C(session.FieldStaffID), demand(name)), "demand").
		AppendSelectExprAs(ifSet(s.C(session.FieldUserID), held().Where(sql.Or(named(BorrowerRole, user.FieldBorrower), named(InvestorRole, user.FieldInvestor)))), "of_customer").
		AppendSelectExprAs(held().Join(pair).On(r.C("id"), pair.C("role_id")).Where(sql.ColumnsEQ(pair.C("staff_id"), st.C("id"))), "of_staff").
		From(s).LeftJoin(u).On(s.C(session.FieldUserID), u.C("id")).LeftJoin(st).On(s.C(session.FieldStaffID), st.C("id")).
		Where(sql.And(sql.EQ(s.C(session.FieldTokenHash), "hash"), sql.GT(s.C(session.FieldExpiresAt), "now"))).Query()
	k, pair := d.Table(apikey.Table).As("k"), d.Table(apikey.RolesTable).As("pair")
	ofKey, _ := d.Select(k.C("id"), k.C(apikey.FieldExpiresAt)).
		AppendSelectExprAs(held().Join(pair).On(r.C("id"), pair.C("role_id")).Where(sql.ColumnsEQ(pair.C("api_key_id"), k.C("id"))), "held").
		From(k).Where(sql.And(sql.EQ(k.C(apikey.FieldTokenHash), "hash"), sql.IsNull(k.C(apikey.FieldRevokedAt)),
		sql.Or(sql.IsNull(k.C(apikey.FieldExpiresAt)), sql.GT(k.C(apikey.FieldExpiresAt), "now")))).Query()
	return asked{ofSession, ofKey}
}

// Authenticate finds who a token belongs to, with the permissions that they hold now. An unknown, expired or revoked token is nobody's: the viewer is
// nobody in particular, and no error.
func Authenticate(ctx context.Context, db Querier, dialect, token string) (Viewer, error) {
	v, _, err := authenticate(ctx, db, dialect, token)
	return v, err
}

// authenticate tells also until when that holds if nothing is written: the end of the session or the key; zero for a key that has none.
func authenticate(ctx context.Context, db Querier, dialect, token string) (Viewer, time.Time, error) {
	if strings.HasPrefix(token, apiKeyPrefix) {
		return keyHolder(ctx, db, dialect, hashOf(token))
	}
	return sessionHolder(ctx, db, dialect, hashOf(token))
}

// Recognize finds who a session or an API key belongs to, as Authenticate does by token: with the permissions that they hold now, or nobody in particular.
func Recognize(ctx context.Context, db Querier, dialect string, s key.Session, k key.APIKey) (Viewer, error) {
	table, column, id, holder := session.Table, session.FieldTokenHash, int64(s), sessionHolder
	if k != 0 {
		table, column, id, holder = apikey.Table, apikey.FieldTokenHash, int64(k), keyHolder
	}
	t := sql.Dialect(dialect).Table(table)
	query, args := sql.Dialect(dialect).Select(t.C(column)).From(t).Where(sql.EQ(t.C("id"), id)).Query()
	var hash []byte
	err := db.QueryRowContext(ctx, query, args...).Scan(&hash)
	if errors.Is(err, stdsql.ErrNoRows) {
		return Viewer{}, nil
	}
	if err != nil {
		return Viewer{}, fmt.Errorf("recognize: %w", err)
	}
	v, _, err := holder(ctx, db, dialect, hash)
	return v, err
}

func sessionHolder(ctx context.Context, db Querier, dialect string, hash []byte) (v Viewer, until time.Time, err error) {
	var id int64
	var userID, staffID stdsql.NullInt64
	var userStatus, userLocale, staffStatus, staffLocale, demanded, ofCustomer, ofStaff stdsql.NullString
	var second stdsql.NullTime
	now := time.Now().UTC()
	err = db.QueryRowContext(ctx, questions[dialect].session, now, hash, now).
		Scan(&id, &until, &userID, &staffID, &userStatus, &userLocale, &staffStatus, &staffLocale, &second, &demanded, &ofCustomer, &ofStaff)
	if errors.Is(err, stdsql.ErrNoRows) {
		return Viewer{}, until, nil
	}
	if err != nil {
		return Viewer{}, until, fmt.Errorf("authenticate: %w", err)
	}
	v = Viewer{Session: key.Session(id), User: key.User(userID.Int64), Staff: key.Staff(staffID.Int64)}
	switch {
	case v.Staff != 0:
		if staffStatus.String != string(staff.StatusActive) {
			return Viewer{}, until, nil
		}
		v.Locale = staffLocale.String
		if !second.Valid && demanded.String == parameters.FactorRequired {
			return v, until, nil // may set it up, and nothing else
		}
		v.Permissions, err = held(ofStaff.String)
	default:
		v.Locale = userLocale.String
		switch user.Status(userStatus.String) {
		case user.StatusActive:
			v.Permissions, err = held(ofCustomer.String)
		case user.StatusWithdrawn, user.StatusClosed: // a session that was opened at the very moment of the end
			return Viewer{}, until, nil
		}
	}
	return v, until, err
}

// ifSet asks only where a column is set: whether somebody is a customer or an employee decides what is to be known of them.
func ifSet(column string, q *sql.Selector) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CASE WHEN ").Ident(column).WriteString(" IS NOT NULL THEN (").Join(q).WriteString(") END")
	})
}

// demand is whether a second factor is demanded of staff now; null when nobody has set it.
func demand(dialect string) *sql.Selector {
	p := sql.Dialect(dialect).Table(parameter.Table).As("p")
	return sql.Dialect(dialect).Select(p.C(parameter.FieldValue)).From(p).
		Where(sql.And(sql.EQ(p.C(parameter.FieldName), sql.Raw("'"+parameters.StaffSecondFactor+"'")), sql.LTE(p.C(parameter.FieldEffectiveAt), "now"))).
		OrderBy(sql.Desc(p.C(parameter.FieldEffectiveAt))).Limit(1)
}

// keyHolder finds an API key. What its roles hold of reviewing is nothing to a key: two pairs of eyes are people's.
func keyHolder(ctx context.Context, db Querier, dialect string, hash []byte) (v Viewer, until time.Time, err error) {
	var id int64
	var expires stdsql.NullTime
	var roles stdsql.NullString
	err = db.QueryRowContext(ctx, questions[dialect].key, hash, time.Now().UTC()).Scan(&id, &expires, &roles)
	if errors.Is(err, stdsql.ErrNoRows) {
		return Viewer{}, until, nil
	}
	if err != nil {
		return Viewer{}, until, fmt.Errorf("authenticate: %w", err)
	}
	all, err := held(roles.String)
	return Viewer{APIKey: key.APIKey(id), Permissions: all &^ Reviews}, expires.Time, err
}

// held reads the permissions of roles, which are edited at run time: JSON arrays of names behind each other, or nothing. A name that is not (or no longer) in the
// contract gives nothing. It is read with every request, so it is read by hand: every other piece between quotes is a name.
func held(roles string) (Permissions, error) {
	if strings.ContainsRune(roles, '\\') {
		return 0, errors.New("read permissions: a role holds what is no name")
	}
	var all Permissions
	for name := false; roles != ""; name = !name {
		piece, rest, _ := strings.Cut(roles, `"`)
		if p, ok := permissionByName[piece]; ok && name {
			all |= Of(p)
		}
		roles = rest
	}
	return all, nil
}
