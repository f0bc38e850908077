package demo

import (
	"time"

	"lenddesk/ent"
	"lenddesk/ent/message"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
	"lenddesk/text"
	"lenddesk/workflow/mailing"
)

// trader is an active customer with a bound card, who borrows or invests.
type trader struct {
	*ent.User
	phone string
	card  *ent.BankCard // the last
	ready time.Time     // since when the card is bound
	owed  money.Amount  // of loans that are neither ended nor drafts
}

// kinds of customers.
const (
	borrows = 1 << iota
	invests
)

const tradersCount = 48

// welcomeTraders registers those who do business, evenly from long ago until lately.
func (b *book) welcomeTraders() {
	for i := range tradersCount {
		kind := [...]int{borrows, invests, invests, borrows, borrows | invests}[i%5]
		at := b.ago(540*day - time.Duration(i)*480*day/tradersCount + b.between(0, 10*time.Hour))
		p := b.somebody()
		u := b.approved(p, kind, at)
		if i%5 == 3 {
			u.CompanyID = &b.clients[i/5%3]
		}
		t := &trader{User: u, phone: p.phone}
		t.ready = b.boundCard(t, u.UpdatedAt.Add(b.between(time.Hour, day)), nil).StatusSince
		b.traders = append(b.traders, t)
	}
	for _, t := range b.traders[:3] {
		b.replaceCard(t)
	}
	b.rebind(b.traders[3])
}

// register enters somebody by the form.
func (b *book) register(p particulars, kind int, at time.Time) *ent.User {
	u := &ent.User{
		ID: key.User(b.take(key.KindUser)), Name: p.name, Email: &p.email, PasswordHash: &b.passwordHash, Locale: "zh-CN",
		Borrower: kind&borrows != 0, Investor: kind&invests != 0, AccountManagerID: some(pick(b, b.service)),
	}
	if b.serial%11 == 0 {
		u.Locale = "en"
	}
	var phone, national string
	u.Phone, phone = b.hide(seal.Phone, p.phone)
	u.NationalID, national = b.hide(seal.NationalID, p.nationalID)
	u.PhoneHash, u.NationalIDHash = &phone, &national
	b.users = append(b.users, u)
	b.lifeOfUser(u).born(lifecycle.RegisterUser, nobody, at)
	b.tell(u, mailing.RegistrationReceived, at, nil)
	return u
}

// approved registers somebody and makes them a customer within a day or so.
func (b *book) approved(p particulars, kind int, at time.Time) *ent.User {
	u := b.register(p, kind, at)
	b.approve(u, at.Add(b.between(2*time.Hour, 30*time.Hour)), 1)
	return u
}

func (b *book) approve(u *ent.User, at time.Time, round int) {
	b.decide(u, lifecycle.ApproveRegistration, review.DecisionApproved, round, mailing.RegistrationApproved, at, "")
}

// decide is a reviewer's decision on a registration and the mail that tells it.
func (b *book) decide(u *ent.User, m lifecycle.Move[user.Status], d review.Decision, round int, mail string, at time.Time, reason string, fields ...string) {
	who := pick(b, b.service)
	b.lifeOfUser(u).because(m, byStaff(who), at, reason)
	if d != "" {
		b.review(key.KindUser, int64(u.ID), review.StepRegistration, round, d, who, at, reason)
	}
	data := map[string]any{}
	if reason != "" {
		data["reason"] = reason
	}
	if len(fields) > 0 {
		b.events[len(b.events)-1].Changes = map[string]any{"fields": fields}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = text.Sentence(u.Locale, "field."+f, nil)
		}
		data["fields"] = names
	}
	b.tell(u, mail, at, data)
}

// tell writes a mail to a customer: most were sent, a few are from when there was no mail server.
func (b *book) tell(u *ent.User, kind string, at time.Time, data map[string]any) {
	if u.Email == nil {
		return
	}
	say := map[string]any{"name": u.Name, "platform": b.platform, "contact": b.contact}
	for k, v := range data {
		say[k] = v
	}
	m := &ent.Message{
		ID: key.Message(b.take(key.KindMessage)), UserID: &u.ID, CreatedAt: at, Kind: kind, To: *u.Email, Locale: u.Locale, State: message.StateKept,
		Subject: text.Sentence(u.Locale, "mail."+kind+".subject", say), Text: text.Sentence(u.Locale, "mail."+kind+".text", say),
	}
	if sent := at.Add(b.between(time.Second, 20*time.Second)); at.After(b.ago(520*day)) && sent.Before(b.now) {
		m.State, m.Attempts, m.SentAt = message.StateSent, 1, &sent
	}
	b.messages = append(b.messages, m)
	written := message.StateKept
	if m.SentAt != nil {
		written = message.StateQueued
	}
	b.event(lifecycle.WriteMessage, key.KindMessage, int64(m.ID), u.ID, bySystem(lifecycle.Mailer), "", string(written), "", at)
}

const (
	blurred = "身份证照片不清晰，请核对身份证号码后重新提交。"
	doubted = "提交的信息与核验结果不一致。"
	odd     = "账户存在异常操作，需进一步核实。"
	wished  = "应客户本人要求办理。"
)

// welcomeOthers tells every other story of a customer.
func (b *book) welcomeOthers() {
	b.waiting()
	b.refused()
	b.gone()
	b.newcomers()
	b.potentials()
}

// waiting are registrations under review: fresh ones, one mended, one reopened, one amended.
func (b *book) waiting() {
	for i := range 4 {
		b.register(b.somebody(), borrows<<(i%2), b.ago(b.between(time.Hour, 2*day)))
	}
	u := b.register(b.somebody(), borrows, b.ago(3*day))
	b.decide(u, lifecycle.ReturnRegistration, review.DecisionReturned, 1, mailing.RegistrationReturned, b.ago(2*day), blurred, "nationalId")
	b.lifeOfUser(u).move(lifecycle.ResubmitRegistration, byUser(u.ID), b.ago(5*time.Hour))

	u = b.register(b.somebody(), invests, b.ago(20*day))
	b.decide(u, lifecycle.RejectRegistration, review.DecisionRejected, 1, mailing.RegistrationRejected, b.ago(19*day), doubted)
	b.decide(u, lifecycle.ReopenRegistration, "", 0, mailing.RegistrationReopened, b.ago(6*time.Hour), "")

	u = b.approved(b.somebody(), invests, b.ago(90*day))
	b.lifeOfUser(u).move(lifecycle.AmendRegistration, byUser(u.ID), b.ago(4*time.Hour))

	for i := range 4 {
		u = b.register(b.somebody(), borrows, b.ago(time.Duration(4+i)*day))
		b.decide(u, lifecycle.ReturnRegistration, review.DecisionReturned, 1, mailing.RegistrationReturned, b.ago(time.Duration(3+i)*day), blurred, "nationalId")
	}
}

// refused are registrations that were rejected, and customers who are suspended.
func (b *book) refused() {
	for i := range 3 {
		at := b.ago(time.Duration(100*(i+1))*day + b.between(0, 10*time.Hour))
		u := b.register(b.somebody(), borrows|invests, at)
		b.decide(u, lifecycle.RejectRegistration, review.DecisionRejected, 1, mailing.RegistrationRejected, at.Add(b.between(time.Hour, 2*day)), doubted)
	}
	for i := range 3 {
		p := b.somebody()
		u := b.approved(p, invests, b.ago(time.Duration(150*(i+1))*day))
		b.boundCard(&trader{User: u, phone: p.phone}, u.UpdatedAt.Add(b.between(time.Hour, day)), nil)
		b.decide(u, lifecycle.SuspendUser, "", 0, mailing.UserSuspended, b.ago(time.Duration(20+i)*day), odd)
	}
}

// gone are those who withdrew, one of whom came back, and those whose account is closed.
func (b *book) gone() {
	for i := range 3 {
		p := b.somebody()
		at := b.ago(time.Duration(80*(i+1))*day + b.between(0, 10*time.Hour))
		u := b.register(p, invests, at)
		b.lifeOfUser(u).move(lifecycle.WithdrawRegistration, byUser(u.ID), at.Add(b.between(time.Hour, 8*time.Hour)))
		if i == 0 {
			b.approved(p, invests, b.ago(30*day)).PreviousUserID = &u.ID
		}
	}
	for i := range 3 {
		p := b.somebody()
		u := b.approved(p, invests, b.ago(time.Duration(120*(i+1))*day))
		card := b.boundCard(&trader{User: u, phone: p.phone}, u.UpdatedAt.Add(b.between(time.Hour, day)), nil)
		at := b.ago(time.Duration(40+i) * day)
		b.lifeOfCard(card).move(lifecycle.UnbindBankCard, bySystem("customers"), at)
		b.decide(u, lifecycle.CloseUser, "", 0, mailing.UserClosed, at, wished)
	}
}

// newcomers are customers who have done no business yet, whose cards show every state.
func (b *book) newcomers() {
	for i, tell := range newcomersCards {
		p := b.somebody()
		u := b.approved(p, borrows<<(i%2), b.ago(time.Duration(60-4*i)*day+b.between(0, 10*time.Hour)))
		tell(b, &trader{User: u, phone: p.phone}, u.UpdatedAt.Add(b.between(time.Hour, 10*time.Hour)))
		if i == 0 {
			b.decide(u, lifecycle.SuspendUser, "", 0, mailing.UserSuspended, b.ago(15*day), odd)
			b.decide(u, lifecycle.ReinstateUser, "", 0, mailing.UserReinstated, b.ago(10*day), "")
		}
		if i == 1 {
			known := b.potential(p, u.CreatedAt.Add(-9*day))
			b.lifeOfUser(known).move(lifecycle.JoinPotentialCustomer, bySystem("registration"), u.UpdatedAt)
			known.JoinedIntoID = &u.ID
			u.Source, u.Tags = known.Source, known.Tags
		}
	}
}

// potentials are people to follow up.
func (b *book) potentials() {
	for i := range 7 {
		u := b.potential(b.somebody(), b.ago(time.Duration(3+9*i)*day+b.between(0, 10*time.Hour)))
		task := &ent.ServiceRecord{
			UserID: u.ID, Kind: servicerecord.KindTask, Text: text.Sentence("zh-CN", "task.follow_up", nil), AuthorID: u.CreatedByID,
			AssigneeID: u.AccountManagerID, DueAt: some(u.CreatedAt.Add(7 * day)),
		}
		b.note(task, u.CreatedAt)
		if i%3 == 2 {
			b.lifeOfRecord(task).move(lifecycle.CompleteServiceRecord, byStaff(*task.AuthorID), u.CreatedAt.Add(5*day))
			task.CompletedAt = some(task.StatusSince)
		}
	}
}

// potential enters somebody of whom staff know a name and a phone.
func (b *book) potential(p particulars, at time.Time) *ent.User {
	by := pick(b, b.service)
	u := &ent.User{
		ID: key.User(b.take(key.KindUser)), Name: p.name, Locale: "zh-CN", Source: some(pick(b, []string{"线下活动", "老客户推荐", "网站咨询", "合作机构"})),
		Tags: []string{pick(b, []string{"小微企业主", "工薪", "个体工商户"})}, AccountManagerID: &by, CreatedByID: &by,
	}
	var hash string
	u.Phone, hash = b.hide(seal.Phone, p.phone)
	u.PhoneHash = &hash
	b.users = append(b.users, u)
	b.lifeOfUser(u).born(lifecycle.AddPotentialCustomer, byStaff(by), at)
	return u
}

// keepContact notes calls, visits, messages and complaints of those who do business, and what is still to be done.
func (b *book) keepContact() {
	notes := []struct {
		kind servicerecord.Kind
		text string
	}{
		{servicerecord.KindCall, "电话回访：客户对还款计划没有疑问。"},
		{servicerecord.KindVisit, "上门拜访，核实经营场所与申请资料一致。"},
		{servicerecord.KindMessage, "客户咨询提前还款的手续费，已按合同说明。"},
		{servicerecord.KindComplaint, "客户反映到账通知延迟，已转财务部核实并回复。"},
		{servicerecord.KindTask, "核对客户更新后的收入证明。"},
	}
	for i, t := range b.traders {
		if t.ready.After(b.ago(3*day)) || !b.turn() {
			continue
		}
		note := notes[i%len(notes)]
		at := t.ready.Add(b.between(day, b.now.Sub(t.ready)-day))
		r := &ent.ServiceRecord{
			UserID: t.ID, Kind: note.kind, Text: note.text, AuthorID: some(pick(b, b.service)), AssigneeID: t.AccountManagerID,
		}
		if note.kind == servicerecord.KindTask {
			r.DueAt = some(at.Add(10 * day))
		}
		b.note(r, at)
	}
}
