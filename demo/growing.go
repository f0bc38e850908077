package demo

import (
	"math"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/company"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/text"
	"lenddesk/workflow/mailing"
)

// The ordinary stories, told as often as a big book asks for. They come in the order of time, more of them the later it is.

// along is the moment of the i-th of n stories, of a business that began some time ago and grows.
func (b *book) along(i, n int, since, until time.Duration) time.Time {
	part := math.Pow((float64(i)+b.rnd.Float64())/float64(n), 0.75)
	return b.ago(since - time.Duration(part*float64(since-until))).Truncate(time.Second)
}

// happens is true so often.
func (b *book) happens(percent int) bool { return b.rnd.IntN(100) < percent }

// moment is any between two, of which the second may be the earlier.
func (b *book) moment(least, most time.Time) time.Time {
	return least.Add(b.between(0, max(0, most.Sub(least))))
}

var (
	cities = []string{"北京", "上海", "广州", "深圳", "杭州", "南京", "苏州", "武汉", "成都", "重庆", "西安", "长沙", "青岛", "厦门", "宁波", "郑州"}
	brands = []string{"晨光", "远山", "青禾", "云帆", "星河", "安信", "恒达", "鼎盛", "瑞丰", "华宇", "金桥", "东海", "长风", "明德", "博远", "天成", "新源", "同创", "永兴", "佳木", "百川", "嘉禾", "启航", "德润"}
	trades = []struct{ industry, called string }{
		{"制造业", "机械"},
		{"制造业", "电子"},
		{"制造业", "五金"},
		{"批发零售", "贸易"},
		{"批发零售", "商贸"},
		{"食品加工", "食品"},
		{"交通运输", "物流"},
		{"软件服务", "科技"},
		{"软件服务", "信息技术"},
		{"建筑业", "建设"},
		{"餐饮住宿", "餐饮"},
		{"农林牧渔", "农业"},
		{"教育文化", "文化传播"},
		{"医疗健康", "医药"},
	}
	guarantees = struct{ industry, called string }{"融资担保", "担保"}
)

// growFirms enters companies until there are as many as the book asks for.
func (b *book) growFirms() {
	for i, n := 0, b.size.Companies-b.made(key.KindCompany); i < n && b.turn(); i++ {
		f := firm{kind: company.KindClient, status: company.StatusVerified, region: pick(b, regions)}
		trade, city, at := pick(b, trades), pick(b, cities), b.along(i, n, 544*day, time.Hour)
		var by key.Staff
		switch {
		case i%200 == 99:
			f.kind, by, trade.industry, trade.called = company.KindBranch, b.administrator, "金融信息服务", "金融信息"
		case i%25 == 24:
			f.kind, by, trade = company.KindPartner, b.administrator, guarantees
		case b.now.Sub(at) < 2*day || b.happens(1):
			f.status = company.StatusPendingReview
		case b.happens(4):
			f.status = company.StatusRejected
		}
		f.name = city + pick(b, brands) + pick(b, brands) + "示例" + trade.called + "有限公司"
		f.industry, f.address = trade.industry, city+"市示例路"+string('1'+rune(b.rnd.IntN(9)))+"号"
		f.capital = money.Amount(math.Exp(b.rnd.NormFloat64())*300)*10_000_00 + 100_000_00
		f.founded = time.Date(1996+b.rnd.IntN(26), time.Month(1+b.rnd.IntN(12)), 1+b.rnd.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		b.enter(f, by, at)
	}
}

// growPeople registers customers until there are as many as the book asks for, with as many cards.
func (b *book) growPeople() {
	n := b.size.Users - b.made(key.KindUser)
	for i := 0; i < n && b.turn(); i++ {
		b.welcome(b.along(i, n, 540*day, time.Hour))
	}
	for i := 0; b.made(key.KindBankCard) < b.size.Cards && b.turn(); i++ { // what the last stories left open
		if t := b.traders[len(b.traders)-1-i%(len(b.traders)/2)]; t.card.Status == bankcard.StatusBound {
			b.changeMind(t)
		}
	}
}

// lacking is how many cards there should be more, with so many people.
func (b *book) lacking() int {
	return int(int64(b.size.Cards)*int64(b.made(key.KindUser))/int64(b.size.Users)) - b.made(key.KindBankCard)
}

// welcome tells one story of a customer.
func (b *book) welcome(at time.Time) {
	kind := borrows
	if chance := b.rnd.IntN(100); chance >= 90 {
		kind = borrows | invests
	} else if chance >= 32 {
		kind = invests
	}
	age, fate := b.now.Sub(at), b.rnd.IntN(1000)
	switch {
	case fate < 100:
		b.followUp(at)
	case age < 36*time.Hour:
		b.register(b.somebody(), kind, at)
	case fate < 130:
		u := b.register(b.somebody(), kind, at)
		b.decide(u, lifecycle.RejectRegistration, review.DecisionRejected, 1, mailing.RegistrationRejected, at.Add(b.between(time.Hour, 30*time.Hour)), doubted)
	case fate < 145:
		u := b.register(b.somebody(), kind, at)
		b.lifeOfUser(u).move(lifecycle.WithdrawRegistration, byUser(u.ID), at.Add(b.between(time.Hour, 30*time.Hour)))
	case fate < 155 || age < 4*day && fate < 350:
		b.mended(kind, at, age > 60*day || b.happens(30))
	case age < 4*day || fate >= 155 && b.lacking() <= 0:
		b.approved(b.somebody(), kind, at)
	case age < 12*day && fate < 400:
		p := b.somebody()
		u := b.approved(p, kind, at)
		pick(b, newcomersCards[2:])(b, &trader{User: u, phone: p.phone}, u.UpdatedAt.Add(b.between(time.Hour, 10*time.Hour)))
	case fate < 180:
		b.left(kind, at, fate < 167)
	default:
		b.trader(kind, at)
	}
}

// followUp enters a potential customer with a task, which was done if it was due.
func (b *book) followUp(at time.Time) {
	u := b.potential(b.somebody(), at)
	task := &ent.ServiceRecord{
		UserID: u.ID, Kind: servicerecord.KindTask, Text: text.Sentence("zh-CN", "task.follow_up", nil), AuthorID: u.CreatedByID, AssigneeID: u.AccountManagerID,
		DueAt: some(at.Add(7 * day)),
	}
	b.note(task, at)
	if done := at.Add(b.between(day, 10*day)); done.Before(b.now) && b.happens(90) {
		b.lifeOfRecord(task).move(lifecycle.CompleteServiceRecord, byStaff(*task.AuthorID), done)
		task.CompletedAt = some(done)
	}
}

// mended is a registration that was returned, and perhaps sent again and approved.
func (b *book) mended(kind int, at time.Time, again bool) {
	u := b.register(b.somebody(), kind, at)
	at = at.Add(b.between(time.Hour, 12*time.Hour))
	b.decide(u, lifecycle.ReturnRegistration, review.DecisionReturned, 1, mailing.RegistrationReturned, at, blurred, "nationalId")
	if again {
		at = at.Add(b.between(time.Hour, 8*time.Hour))
		b.lifeOfUser(u).move(lifecycle.ResubmitRegistration, byUser(u.ID), at)
		b.approve(u, at.Add(b.between(time.Hour, 8*time.Hour)), 2)
	}
}

// left is a customer who was suspended, or whose account was closed.
func (b *book) left(kind int, at time.Time, suspended bool) {
	t := b.newTrader(kind, at)
	at = b.moment(t.ready.Add(time.Hour), b.ago(time.Hour))
	if suspended {
		b.decide(t.User, lifecycle.SuspendUser, "", 0, mailing.UserSuspended, at, odd)
		return
	}
	b.lifeOfCard(t.card).move(lifecycle.UnbindBankCard, bySystem("customers"), at)
	b.decide(t.User, lifecycle.CloseUser, "", 0, mailing.UserClosed, at, wished)
}

// trader is a customer who does business; some have had other cards.
func (b *book) trader(kind int, at time.Time) {
	t := b.newTrader(kind, at)
	if t.Borrower && b.happens(35) {
		t.CompanyID = some(b.clients[len(b.traders)%len(b.clients)])
	}
	b.traders = append(b.traders, t)
	for b.lacking() > 0 {
		if b.happens(50) && t.card.StatusSince.Add(40*day).Before(b.now) {
			old := t.card
			fresh := b.boundCard(t, b.moment(old.StatusSince.Add(day), b.ago(2*day)), old)
			b.lifeOfCard(old).move(lifecycle.ReplaceCard, binder, fresh.StatusSince)
			continue
		}
		b.changeMind(t)
	}
}

func (b *book) newTrader(kind int, at time.Time) *trader {
	p := b.somebody()
	u := b.approved(p, kind, at)
	t := &trader{User: u, phone: p.phone}
	t.ready = b.boundCard(t, u.UpdatedAt.Add(b.between(time.Hour, day)), nil).StatusSince
	return t
}

// changeMind asks for another card and takes it back at once; the bound one stays.
func (b *book) changeMind(t *trader) {
	bound := t.card
	at := b.moment(bound.StatusSince.Add(time.Minute), b.ago(time.Minute))
	b.lifeOfCard(b.card(t, at, bound)).move(lifecycle.CancelBankCardBinding, byUser(t.ID), at.Add(time.Second))
	t.card = bound
}

// chance is a status that so many of some loans have.
type chance struct {
	percent int
	status  loan.Status
}

// Where loans of an age stand, in percent; of the oldest, where those stand that were not repaid in time, repayment says.
var standing = []struct {
	younger time.Duration
	chances []chance
}{
	{2 * day, []chance{{40, loan.StatusDraft}, {60, loan.StatusMaterialsReview}}},
	{4 * day, []chance{{10, loan.StatusDraft}, {55, loan.StatusMaterialsReview}, {25, loan.StatusApplicationReview}, {5, loan.StatusReturned}, {5, loan.StatusWithdrawn}}},
	{6 * day, []chance{{15, loan.StatusMaterialsReview}, {60, loan.StatusApplicationReview}, {10, loan.StatusApproved}, {5, loan.StatusReturned}, {10, loan.StatusRejected}}},
	{9 * day, []chance{{15, loan.StatusApplicationReview}, {50, loan.StatusApproved}, {20, loan.StatusBidding}, {5, loan.StatusReturned}, {10, loan.StatusRejected}}},
	{14 * day, []chance{{75, loan.StatusBidding}, {10, loan.StatusFullyFunded}, {3, loan.StatusReturned}, {9, loan.StatusRejected}, {3, loan.StatusWithdrawn}}},
	{17 * day, []chance{{20, loan.StatusFullyFunded}, {60, loan.StatusAwaitingDisbursement}, {10, loan.StatusRejected}, {5, loan.StatusWithdrawn}, {5, loan.StatusCancelled}}},
	{30 * day, []chance{{83, loan.StatusRepaying}, {3, loan.StatusReturned}, {9, loan.StatusRejected}, {4, loan.StatusWithdrawn}, {1, loan.StatusCancelled}}},
	{1000 * day, []chance{{82, loan.StatusRepaying}, {8, loan.StatusRejected}, {4, loan.StatusWithdrawn}, {4, loan.StatusListingFailed}, {2, loan.StatusCancelled}}},
}

func (b *book) standing(age time.Duration) loan.Status {
	for _, s := range standing {
		if age >= s.younger {
			continue
		}
		at := b.rnd.IntN(100)
		for _, c := range s.chances {
			if at -= c.percent; at < 0 {
				return c.status
			}
		}
	}
	return loan.StatusDraft
}

// listed tells whether loans that end or stand in a status had bids.
func listed(s loan.Status) bool {
	switch s {
	case loan.StatusRepaying, loan.StatusListingFailed, loan.StatusCancelled, loan.StatusBidding, loan.StatusFullyFunded, loan.StatusAwaitingDisbursement:
		return true
	}
	return false
}

// Bids for one loan.
const (
	fewestBids = 2
	mostBids   = 300
)

var (
	usualTerms   = []int{3, 3, 3, 3, 3, 6, 6, 6, 6, 6, 6, 12, 12, 12, 12, 12, 18, 18, 24}
	usualMethods = []loan.RepaymentMethod{
		loan.RepaymentMethodEqualInstallments, loan.RepaymentMethodEqualInstallments, loan.RepaymentMethodEqualInstallments, loan.RepaymentMethodEqualInstallments,
		loan.RepaymentMethodInterestOnly, loan.RepaymentMethodInterestOnly, loan.RepaymentMethodEqualPrincipal, loan.RepaymentMethodBullet,
	}
)

// growLoans tells the stories of loans until there are as many as the book asks for, with as many bids.
func (b *book) growLoans() {
	n := b.size.Loans - b.made(key.KindLoan)
	if n <= 0 {
		return
	}
	plots := make([]course, 0, n)
	for i := range n {
		c := course{at: b.along(i, n, 525*day, 2*time.Hour), ordinary: true, terms: []int{pick(b, usualTerms)}, methods: []loan.RepaymentMethod{pick(b, usualMethods)}}
		c.status = b.standing(b.now.Sub(c.at))
		c.sought = math.Exp(b.rnd.NormFloat64() * 0.7)
		plots = append(plots, c)
	}
	b.allot(plots, b.size.Bids-b.made(key.KindBid))
	for _, c := range plots {
		if !b.turn() {
			return
		}
		b.story(c, b.rnd.IntN(100))
	}
}

// allot gives so many bids to the loans that were listed, more to those that are sought.
func (b *book) allot(plots []course, left int) {
	var open []*course
	for i := range plots {
		if c := &plots[i]; listed(c.status) {
			c.bids = fewestBids
			left -= fewestBids
			open = append(open, c)
		}
	}
	if left < 0 || left > len(open)*(mostBids-fewestBids) {
		b.err = errFew
		return
	}
	for left > 0 { // again while some loans could not take all they would
		weights := make([]money.Amount, len(open))
		for i, c := range open {
			weights[i] = money.Amount(c.sought * 1000)
		}
		var rest []*course
		for i, share := range plan.Split(money.Amount(left), weights) {
			c := open[i]
			given := min(int(share), mostBids-c.bids)
			c.bids += given
			left -= given
			if c.bids < mostBids {
				rest = append(rest, c)
			}
		}
		open = rest
	}
}
