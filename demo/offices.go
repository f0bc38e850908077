package demo

import (
	"fmt"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
)

// firm is a company to make.
type firm struct {
	kind                            company.Kind
	status                          company.Status
	name, industry, address, region string
	capital                         money.Amount
	founded                         string
}

var branches = []firm{
	{company.KindBranch, company.StatusVerified, "示例借贷平台北京分公司", "金融信息服务", "北京市朝阳区示例路1号", "110105", 50_000_000_00, "2014-05-12"},
	{company.KindBranch, company.StatusVerified, "示例借贷平台上海分公司", "金融信息服务", "上海市浦东新区示例路2号", "310115", 30_000_000_00, "2015-03-02"},
}

var firms = []firm{
	{company.KindClient, company.StatusVerified, "晨光示例机械有限公司", "制造业", "杭州市西湖区示例路3号", "330106", 8_000_000_00, "2009-08-18"},
	{company.KindClient, company.StatusVerified, "远山示例食品有限公司", "食品加工", "武汉市武昌区示例路4号", "420106", 5_000_000_00, "2011-11-01"},
	{company.KindClient, company.StatusVerified, "青禾示例贸易有限公司", "批发零售", "深圳市南山区示例路5号", "440305", 3_000_000_00, "2013-02-20"},
	{company.KindClient, company.StatusPendingReview, "云帆示例物流有限公司", "交通运输", "西安市雁塔区示例路6号", "610113", 2_000_000_00, "2019-06-30"},
	{company.KindClient, company.StatusRejected, "星河示例科技有限公司", "软件服务", "成都市武侯区示例路7号", "510107", 1_000_000_00, "2020-09-09"},
	{company.KindPartner, company.StatusVerified, "安信示例担保有限公司", "融资担保", "南京市玄武区示例路8号", "320102", 100_000_000_00, "2010-04-15"},
}

// openBranches enters the platform's own branches, before there is staff.
func (b *book) openBranches() {
	for _, f := range branches {
		b.enter(f, b.administrator, b.ago(549*day))
	}
}

// enterFirms enters customers' firms, which come with their first registration, and partners.
func (b *book) enterFirms() {
	for i, f := range firms {
		var by key.Staff
		if f.kind == company.KindPartner {
			by = b.administrator
		}
		at := b.ago(time.Duration(545-i) * day)
		if f.status == company.StatusPendingReview {
			at = b.ago(30 * time.Hour)
		}
		b.enter(f, by, at)
	}
	b.growFirms()
}

// enter makes a company, by an employee or with a registration, and brings it to its status.
func (b *book) enter(f firm, by key.Staff, at time.Time) {
	p := b.somebody()
	c := &ent.Company{
		ID: key.Company(b.take(key.KindCompany)), Kind: f.kind, Name: f.name, CreditCode: creditCode(f.region, fmt.Sprintf("MA%06d", 100+b.serial)), Industry: &f.industry,
		LegalRepresentative: &p.name, Address: &f.address, RegisteredCapital: &f.capital, EstablishedOn: &f.founded,
	}
	c.Phone, _ = b.hide(seal.Phone, p.phone)
	who := nobody
	if by != 0 {
		c.CreatedByID, who = &by, byStaff(by)
	}
	b.companies = append(b.companies, c)
	if f.kind == company.KindBranch {
		b.offices = append(b.offices, c.ID)
	}
	if f.kind == company.KindClient && f.status == company.StatusVerified {
		b.clients = append(b.clients, c.ID)
	}
	life := b.lifeOfCompany(c)
	life.born(lifecycle.CreateCompany, who, at)
	reviewer := b.administrator
	if len(b.service) > 0 {
		reviewer = pick(b, b.service)
	}
	at = at.Add(b.between(time.Hour, day))
	switch f.status {
	case company.StatusVerified:
		life.move(lifecycle.VerifyCompany, byStaff(reviewer), at)
	case company.StatusRejected:
		life.because(lifecycle.RejectCompany, byStaff(reviewer), at, "营业执照已过期，请更新后重新提交。")
	}
}

// hire makes the staff: those at work, one who is invited and one who has left.
func (b *book) hire() {
	b.service = []key.Staff{b.employ("CUSTOMER_SERVICE", "客户服务部", 0), b.employ("CUSTOMER_SERVICE", "客户服务部", 1)}
	b.credit = []key.Staff{b.employ("CREDIT_REVIEWER", "信贷审核部", 0), b.employ("CREDIT_REVIEWER", "信贷审核部", 1)}
	b.funding = b.employ("FUNDING_REVIEWER", "资金审核部", 0)
	b.finance = b.employ("FINANCE", "财务部", 0)

	b.employ("CUSTOMER_SERVICE", "客户服务部", 1)
	b.lifeOfStaff(b.staff[len(b.staff)-1]).move(lifecycle.DeactivateStaff, byStaff(b.administrator), b.ago(200*day))
	b.employ("CREDIT_REVIEWER", "信贷审核部", 1)
	life := b.lifeOfStaff(b.staff[len(b.staff)-1])
	life.move(lifecycle.DeactivateStaff, byStaff(b.administrator), b.ago(300*day))
	life.move(lifecycle.ReactivateStaff, byStaff(b.administrator), b.ago(180*day))
	b.invite("CREDIT_REVIEWER", "信贷审核部", 0, b.ago(2*day))

	for i := range min(b.size.Users/2500, 60) {
		b.service = append(b.service, b.employ("CUSTOMER_SERVICE", "客户服务部", i%2))
	}
	for i := range min(b.size.Loans/2500, 30) {
		b.credit = append(b.credit, b.employ("CREDIT_REVIEWER", "信贷审核部", i%2))
	}
}

// employ invites somebody who signs in the next day.
func (b *book) employ(role, department string, branch int) key.Staff {
	at := b.ago(548*day - time.Duration(len(b.staff))*time.Hour)
	s := b.invite(role, department, branch, at)
	s.PasswordHash = &b.passwordHash
	b.lifeOfStaff(s).move(lifecycle.ActivateStaff, bySystem("authentication"), at.Add(b.between(2*time.Hour, day)))
	return s.ID
}

func (b *book) invite(role, department string, branch int, at time.Time) *ent.Staff {
	p := b.somebody()
	s := &ent.Staff{
		ID: key.Staff(b.take(key.KindStaff)), Name: p.name, Email: "staff." + p.email, Locale: "zh-CN",
		EmployeeNumber: some(fmt.Sprintf("E%04d", 1000+b.serial)), Department: &department, CompanyID: &b.offices[branch],
	}
	var hash string
	s.Phone, hash = b.hide(seal.Phone, p.phone)
	s.PhoneHash = &hash
	b.staff, b.staffRoles = append(b.staff, s), append(b.staffRoles, &employeeRole{s.ID, b.roles[role]})
	b.lifeOfStaff(s).born(lifecycle.CreateStaff, byStaff(b.administrator), at)
	return s
}
