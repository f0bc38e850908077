package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

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
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *stdsql.Row
}

// Authenticate finds who a token belongs to, with the permissions that they hold now. An unknown, expired or revoked token is nobody's: the viewer is
// nobody in particular, and no error.
func Authenticate(ctx context.Context, db Querier, dialect, token string) (Viewer, error) {
	if strings.HasPrefix(token, apiKeyPrefix) {
		return keyHolder(ctx, db, dialect, func(k *sql.SelectTable) *sql.Predicate { return sql.EQ(k.C(apikey.FieldTokenHash), hashOf(token)) })
	}
	return sessionHolder(ctx, db, dialect, func(s *sql.SelectTable) *sql.Predicate { return sql.EQ(s.C(session.FieldTokenHash), hashOf(token)) })
}

// Recognize finds who a session or an API key belongs to, as Authenticate does by token: with the permissions that they hold now, or nobody in particular.
func Recognize(ctx context.Context, db Querier, dialect string, s key.Session, k key.APIKey) (Viewer, error) {
	if k != 0 {
		return keyHolder(ctx, db, dialect, func(t *sql.SelectTable) *sql.Predicate { return sql.EQ(t.C("id"), int64(k)) })
	}
	return sessionHolder(ctx, db, dialect, func(t *sql.SelectTable) *sql.Predicate { return sql.EQ(t.C("id"), int64(s)) })
}

func sessionHolder(ctx context.Context, db Querier, dialect string, which func(*sql.SelectTable) *sql.Predicate) (Viewer, error) {
	d := sql.Dialect(dialect)
	s, u, st := d.Table(session.Table).As("s"), d.Table(user.Table).As("u"), d.Table(staff.Table).As("st")
	query, args := d.Select(s.C("id"), s.C(session.FieldUserID), s.C(session.FieldStaffID), u.C(user.FieldStatus), u.C(user.FieldLocale),
		u.C(user.FieldBorrower), u.C(user.FieldInvestor), st.C(staff.FieldStatus), st.C(staff.FieldLocale), st.C(staff.FieldTotpSince)).
		AppendSelectExprAs(demand(dialect), "demand").From(s).LeftJoin(u).On(s.C(session.FieldUserID), u.C("id")).LeftJoin(st).On(s.C(session.FieldStaffID), st.C("id")).
		Where(sql.And(which(s), sql.GT(s.C(session.FieldExpiresAt), time.Now().UTC()))).Query()
	var id int64
	var userID, staffID stdsql.NullInt64
	var userStatus, userLocale, staffStatus, staffLocale stdsql.NullString
	var borrower, investor stdsql.NullBool
	var second stdsql.NullTime
	var demanded stdsql.NullString
	err := db.QueryRowContext(ctx, query, args...).Scan(&id, &userID, &staffID, &userStatus, &userLocale, &borrower, &investor, &staffStatus, &staffLocale, &second, &demanded)
	if errors.Is(err, stdsql.ErrNoRows) {
		return Viewer{}, nil
	}
	if err != nil {
		return Viewer{}, fmt.Errorf("authenticate: %w", err)
	}
	v := Viewer{Session: key.Session(id), User: key.User(userID.Int64), Staff: key.Staff(staffID.Int64)}
	switch {
	case v.Staff != 0:
		if staffStatus.String != string(staff.StatusActive) {
			return Viewer{}, nil
		}
		v.Locale = staffLocale.String
		if !second.Valid && demanded.String == parameters.FactorRequired {
			return v, nil // may set it up, and nothing else
		}
		v.Permissions, err = permissionsOfStaff(ctx, db, dialect, v.Staff)
	default:
		v.Locale = userLocale.String
		switch user.Status(userStatus.String) {
		case user.StatusActive:
			v.Permissions, err = permissionsOfCustomer(ctx, db, dialect, borrower.Bool, investor.Bool)
		case user.StatusWithdrawn, user.StatusClosed: // a session that was opened at the very moment of the end
			return Viewer{}, nil
		}
	}
	return v, err
}

// demand is whether a second factor is demanded of staff now; null when nobody has set it.
func demand(dialect string) *sql.Selector {
	p := sql.Dialect(dialect).Table(parameter.Table).As("p")
	return sql.Dialect(dialect).Select(p.C(parameter.FieldValue)).From(p).
		Where(sql.And(sql.EQ(p.C(parameter.FieldName), parameters.StaffSecondFactor), sql.LTE(p.C(parameter.FieldEffectiveAt), time.Now().UTC()))).
		OrderBy(sql.Desc(p.C(parameter.FieldEffectiveAt))).Limit(1)
}

// keyHolder finds an API key. What its roles hold of reviewing is nothing to a key: two pairs of eyes are people's.
func keyHolder(ctx context.Context, db Querier, dialect string, which func(*sql.SelectTable) *sql.Predicate) (Viewer, error) {
	d := sql.Dialect(dialect)
	k := d.Table(apikey.Table).As("k")
	query, args := d.Select(k.C("id")).From(k).Where(sql.And(which(k), sql.IsNull(k.C(apikey.FieldRevokedAt)),
		sql.Or(sql.IsNull(k.C(apikey.FieldExpiresAt)), sql.GT(k.C(apikey.FieldExpiresAt), time.Now().UTC())))).Query()
	var id int64
	err := db.QueryRowContext(ctx, query, args...).Scan(&id)
	if errors.Is(err, stdsql.ErrNoRows) {
		return Viewer{}, nil
	}
	if err != nil {
		return Viewer{}, fmt.Errorf("authenticate: %w", err)
	}
	v := Viewer{APIKey: key.APIKey(id)}
	r, pair := d.Table(role.Table).As("r"), d.Table(apikey.RolesTable).As("pair")
	all, err := held(ctx, db, d.Select(r.C(role.FieldPermissions)).From(r).Join(pair).On(r.C("id"), pair.C("role_id")).
		Where(sql.EQ(pair.C("api_key_id"), id)))
	v.Permissions = all &^ Reviews
	return v, err
}

// customers' and staff's permissions come from roles, which are edited at run time.
func permissionsOfStaff(ctx context.Context, db Querier, dialect string, who key.Staff) (Permissions, error) {
	d := sql.Dialect(dialect)
	r, pair := d.Table(role.Table).As("r"), d.Table(staff.RolesTable).As("pair")
	return held(ctx, db, d.Select(r.C(role.FieldPermissions)).From(r).Join(pair).On(r.C("id"), pair.C("role_id")).
		Where(sql.EQ(pair.C("staff_id"), int64(who))))
}

func permissionsOfCustomer(ctx context.Context, db Querier, dialect string, borrower, investor bool) (Permissions, error) {
	var names []any
	if borrower {
		names = append(names, BorrowerRole)
	}
	if investor {
		names = append(names, InvestorRole)
	}
	r := sql.Dialect(dialect).Table(role.Table).As("r")
	return held(ctx, db, sql.Dialect(dialect).Select(r.C(role.FieldPermissions)).From(r).
		Where(sql.And(sql.EQ(r.C(role.FieldBuiltIn), true), sql.In(r.C(role.FieldName), names...))))
}

func held(ctx context.Context, db Querier, s *sql.Selector) (Permissions, error) {
	query, args := s.Query()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("read permissions: %w", err)
	}
	defer rows.Close()
	var all Permissions
	for rows.Next() {
		var b []byte
		var names []string
		if err := rows.Scan(&b); err != nil {
			return 0, fmt.Errorf("read permissions: %w", err)
		}
		if err := json.Unmarshal(b, &names); err != nil {
			return 0, fmt.Errorf("read permissions: %w", err)
		}
		all |= ParsePermissions(names)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("read permissions: %w", err)
	}
	return all, nil
}
