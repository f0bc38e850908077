package parameter

// Type says how a value is written and what it is checked for.
type Type string

// The types of values. Every value is kept and shown as text.
const (
	Text     Type = "TEXT"      // one line; Minimum and Maximum are its length in characters
	Email    Type = "EMAIL"     // an address that mail can be sent to
	Integer  Type = "INTEGER"   // a whole number: 30
	Money    Type = "MONEY"     // an amount of the platform's currency: 100000.00
	Percent  Type = "PERCENT"   // percent a year: 12.5
	Duration Type = "DURATION"  // hours, minutes and seconds as Go writes them: 12h, 1h30m
	Choice   Type = "CHOICE"    // one of Choices
	TimeZone Type = "TIME_ZONE" // a name of the IANA database: Asia/Shanghai
	Folder   Type = "FOLDER"    // the name of a folder: small letters, digits, - and _
	Locale   Type = "LOCALE"    // a language of the texts, one of Choices, as a BCP 47 tag

	// A whole number by amount: 0=1, 200000.00=2 is 1 below 200,000.00 and 2 from there on. Minimum and Maximum limit the numbers.
	Steps Type = "STEPS"
	// Documents of a loan by borrower and amount: PERSON 0=IDENTITY_CARD; COMPANY 0=BUSINESS_LICENSE TAX_RECORD. Those of a lower amount are asked
	// for with a higher one too. The kinds are of Choices.
	Checklist Type = "CHECKLIST"
)

// Profile is a set of defaults that fit each other.
type Profile string

// The profiles. CNP2P2016 is the one of a platform that has chosen none.
const (
	CNP2P2016 Profile = "CN_P2P_2016" // a lending platform in mainland China under the interim measures of August 2016
	Neutral   Profile = "NEUTRAL"     // elsewhere: English, UTC, no national ID
)

// Profiles is every Profile.
var Profiles = []Profile{CNP2P2016, Neutral}

// Names of the parameters.
const (
	ProfileName        = "PROFILE"
	PlatformName       = "PLATFORM_NAME"
	PlatformContact    = "PLATFORM_CONTACT"
	MailSender         = "MAIL_SENDER"
	DefaultLocale      = "DEFAULT_LOCALE"
	TimeZoneName       = "TIME_ZONE"
	NationalID         = "NATIONAL_ID"
	MinimumAge         = "MINIMUM_AGE"
	SessionLifetime    = "SESSION_LIFETIME"
	IdempotencyDays    = "IDEMPOTENCY_DAYS"
	PublicURL          = "PUBLIC_URL"
	InvitationLifetime = "INVITATION_LIFETIME"
	LinkLifetime       = "LINK_LIFETIME"
	Currency           = "CURRENCY"
	BindingPayment     = "BINDING_PAYMENT"
	CardPatience       = "CARD_PATIENCE"
	FollowUpDays       = "FOLLOW_UP_DAYS"
	StaffSecondFactor  = "STAFF_SECOND_FACTOR"
	BackupSchedule     = "BACKUP_SCHEDULE"
	BackupHour         = "BACKUP_HOUR"
	BackupMode         = "BACKUP_MODE"
	BackupPlace        = "BACKUP_PLACE"
	BackupRetention    = "BACKUP_RETENTION_DAYS"

	MinLoanAmount         = "MIN_LOAN_AMOUNT"
	MaxTermMonths         = "MAX_TERM_MONTHS"
	MaxAnnualRate         = "MAX_ANNUAL_RATE"
	MaxOutstandingPerson  = "MAX_OUTSTANDING_PERSON"
	MaxOutstandingCompany = "MAX_OUTSTANDING_COMPANY"
	ApprovalsByAmount     = "APPROVALS_BY_AMOUNT"
	RequiredDocuments     = "REQUIRED_DOCUMENTS"
	MaxDocumentSize       = "MAX_DOCUMENT_SIZE"
	DownloadLifetime      = "DOWNLOAD_LIFETIME"
	ExportRetention       = "EXPORT_RETENTION_DAYS"
	ClaimLifetime         = "CLAIM_LIFETIME"
	MaxListingDays        = "MAX_LISTING_DAYS"
	AutoApproveBidLimit   = "AUTO_APPROVE_BID_LIMIT"
	ShareLimit            = "SHARE_LIMIT"
	BidReviewHours        = "BID_REVIEW_HOURS"
	FundingReviewDays     = "FUNDING_REVIEW_DAYS"
	ReopenedListingDays   = "REOPENED_LISTING_DAYS"
	FinancePatience       = "FINANCE_PATIENCE"
	GraceDays             = "GRACE_DAYS"
	PenaltyRate           = "PENALTY_RATE"
	DefaultDays           = "DEFAULT_DAYS"
	WriteOffDays          = "WRITE_OFF_DAYS"
	EarlySettlementFee    = "EARLY_SETTLEMENT_FEE"
	SettlementQuoteDays   = "SETTLEMENT_QUOTE_DAYS"
	MaxExtensionMonths    = "MAX_EXTENSION_MONTHS"
)

// Choices of STAFF_SECOND_FACTOR.
const (
	FactorOptional = "OPTIONAL"
	FactorRequired = "REQUIRED"
)

// Choices of NATIONAL_ID.
const (
	NationalIDNone       = "NONE"
	NationalIDCNResident = "CN_RESIDENT_ID"
)

// Choices of BACKUP_SCHEDULE and BACKUP_MODE.
const (
	BackupNever    = "NEVER"
	BackupHourly   = "HOURLY"
	BackupDaily    = "DAILY"
	BackupWeekly   = "WEEKLY"
	BackupCopy     = "COPY"
	BackupVerified = "VERIFIED"
)

// Definition is what is known of a parameter before anybody sets it. Minimum and Maximum are inclusive and written as
// values of the type are (for Text, its length in characters); empty means no limit.
type Definition struct {
	Name             string
	Type             Type
	Unit             string // empty where the type says all
	Default          map[Profile]string
	Minimum, Maximum string
	Choices          []string
	English, Chinese string // what it is and what it does, a sentence each
}

// both is a default that does not depend on the profile.
func both(value string) map[Profile]string {
	return map[Profile]string{CNP2P2016: value, Neutral: value}
}

// Definitions is every parameter, in the order in which they are listed.
var Definitions = []Definition{
	{
		Name: ProfileName, Type: Choice, Default: both(string(CNP2P2016)), Choices: []string{string(CNP2P2016), string(Neutral)},
		English: "The set of defaults that parameters have until they are set.",
		Chinese: "未单独设置的参数所采用的默认值方案。",
	},
	{
		Name: PlatformName, Type: Text, Default: both("lenddesk"), Minimum: "1", Maximum: "60",
		English: "The platform's name as customers read it in mails and pages.",
		Chinese: "平台名称，显示在邮件和页面中。",
	},
	{
		Name: PlatformContact, Type: Email, Default: both("service@lenddesk.example"),
		English: "The e-mail address shown in mails to customers who have a question.",
		Chinese: "邮件中展示给客户的咨询邮箱。",
	},
	{
		Name: MailSender, Type: Email, Default: both("no-reply@lenddesk.example"),
		English: "The address that mails are sent from; its shown name is the platform's.",
		Chinese: "系统邮件的发件地址，发件人名称为平台名称。",
	},
	{
		Name: DefaultLocale, Type: Locale, Default: map[Profile]string{CNP2P2016: "zh-CN", Neutral: "en"}, Choices: []string{"zh-CN", "en"},
		English: "The language of texts for those who have chosen none.",
		Chinese: "用户未选择语言时使用的语言。",
	},
	{
		Name: TimeZoneName, Type: TimeZone, Default: map[Profile]string{CNP2P2016: "Asia/Shanghai", Neutral: "UTC"},
		English: "The time zone in which a business day begins and ends.",
		Chinese: "业务日期所采用的时区。",
	},
	{
		Name: NationalID, Type: Choice, Default: map[Profile]string{CNP2P2016: NationalIDCNResident, Neutral: NationalIDNone},
		Choices: []string{NationalIDCNResident, NationalIDNone},
		English: "The national ID that a registration asks for.",
		Chinese: "注册时要求填写的身份证件类型。",
	},
	{
		Name: MinimumAge, Type: Integer, Unit: "years", Default: both("18"), Minimum: "0", Maximum: "120",
		English: "The age in full years from which a person may register.",
		Chinese: "允许注册的最低周岁年龄。",
	},
	{
		Name: SessionLifetime, Type: Duration, Unit: "hours, minutes, seconds", Default: both("12h"), Minimum: "5m", Maximum: "720h",
		English: "How long a sign-in lasts.",
		Chinese: "登录会话的有效时长。",
	},
	{
		Name: IdempotencyDays, Type: Integer, Unit: "days", Default: both("7"), Minimum: "1", Maximum: "365",
		English: "How long the outcome of a mutation under @idempotent is kept, to be told again.",
		Chinese: "带有 @idempotent 的操作结果的保留天数。",
	},
	{
		Name: PublicURL, Type: Text, Default: both("http://127.0.0.1:8080"), Minimum: "8", Maximum: "200",
		English: "The address of the platform's pages, without a slash at its end. Links in mails begin with it.",
		Chinese: "平台页面的网址，末尾不带斜杠。邮件中的链接以它开头。",
	},
	{
		Name: InvitationLifetime, Type: Duration, Unit: "hours, minutes, seconds", Default: both("72h"), Minimum: "1h", Maximum: "720h",
		English: "How long an invitation of an employee may be used.",
		Chinese: "员工邀请的有效时长。",
	},
	{
		Name: LinkLifetime, Type: Duration, Unit: "hours, minutes, seconds", Default: both("2h"), Minimum: "10m", Maximum: "72h",
		English: "How long a link to choose a new password, or to confirm an e-mail address or phone, may be used.",
		Chinese: "重设密码及确认邮箱或手机号的链接的有效时长。",
	},
	{
		Name: Currency, Type: Choice, Default: map[Profile]string{CNP2P2016: "CNY", Neutral: "EUR"}, Choices: []string{"CNY", "EUR", "GBP", "HKD", "USD"},
		English: "The currency of every amount, by ISO 4217.",
		Chinese: "平台所有金额的货币（ISO 4217 代码）。",
	},
	{
		Name: BindingPayment, Type: Money, Unit: "currency", Default: both("0.01"), Minimum: "0.01", Maximum: "100.00",
		English: "What the bank takes from a card to bind it.",
		Chinese: "绑定银行卡时由银行扣取的金额。",
	},
	{
		Name: CardPatience, Type: Duration, Unit: "hours, minutes, seconds", Default: both("5m"), Minimum: "1s", Maximum: "24h",
		English: "How long an answer of KXD or KXDM about a card is waited for before they are asked again.",
		Chinese: "等待 KXD 或 KXDM 回复银行卡查询的时长，超过后再次询问。",
	},
	{
		Name: FollowUpDays, Type: Integer, Unit: "days", Default: both("2"), Minimum: "1", Maximum: "90",
		English: "After how many days the task to follow a potential customer up falls due.",
		Chinese: "跟进潜在客户的任务在多少天后到期。",
	},
	{
		Name: StaffSecondFactor, Type: Choice, Default: both(FactorOptional), Choices: []string{FactorOptional, FactorRequired},
		English: "Whether staff must have a second factor; who has none may then set one up and nothing else.",
		Chinese: "员工是否必须启用二次验证；未启用者只能先设置二次验证。",
	},
	{
		Name: BackupSchedule, Type: Choice, Default: both(BackupDaily), Choices: []string{BackupNever, BackupHourly, BackupDaily, BackupWeekly},
		English: "How often the database is backed up by itself; weekly means on Sundays.",
		Chinese: "数据库自动备份的频率；每周备份在周日进行。",
	},
	{
		Name: BackupHour, Type: Integer, Unit: "hour of the day", Default: both("3"), Minimum: "0", Maximum: "23",
		English: "The hour, in the platform's time zone, from which a daily or weekly backup is due.",
		Chinese: "每日或每周备份开始的钟点（平台时区）。",
	},
	{
		Name: BackupMode, Type: Choice, Default: both(BackupVerified), Choices: []string{BackupCopy, BackupVerified},
		English: "Whether a backup is only copied, or opened and checked as well.",
		Chinese: "备份方式：仅复制，或复制后打开并校验。",
	},
	{
		Name: BackupPlace, Type: Folder, Default: both("daily"), Minimum: "1", Maximum: "60",
		English: "The folder for new backups, below the one that the server's operator sets (LENDDESK_BACKUP_URL).",
		Chinese: "新备份所在的文件夹，位于服务器设置的备份目录（LENDDESK_BACKUP_URL）之下。",
	},
	{
		Name: BackupRetention, Type: Integer, Unit: "days", Default: both("14"), Minimum: "1", Maximum: "3650",
		English: "How long a backup is kept. The newest good one stays, however old it is.",
		Chinese: "备份的保留天数。最近一份可用的备份始终保留。",
	},
	{
		Name: MinLoanAmount, Type: Money, Unit: "currency", Default: both("1000.00"), Minimum: "1.00", Maximum: "1000000.00",
		English: "The smallest amount that may be borrowed.",
		Chinese: "单笔借款的最低金额。",
	},
	{
		Name: MaxTermMonths, Type: Integer, Unit: "months", Default: both("120"), Minimum: "1", Maximum: "360",
		English: "The longest term of a loan.",
		Chinese: "借款的最长期限。",
	},
	{
		Name: MaxAnnualRate, Type: Percent, Unit: "percent a year", Default: map[Profile]string{CNP2P2016: "24", Neutral: "36"}, Minimum: "0", Maximum: "100",
		English: "The highest rate of a loan.",
		Chinese: "借款的最高年利率。",
	},
	{
		Name: MaxOutstandingPerson, Type: Money, Unit: "currency", Default: map[Profile]string{CNP2P2016: "200000.00", Neutral: "500000.00"},
		Minimum: "1000.00", Maximum: "1000000000.00",
		English: "The most that one natural person may owe and have applied for together.",
		Chinese: "同一自然人在平台借款及申请中金额的合计上限。",
	},
	{
		Name: MaxOutstandingCompany, Type: Money, Unit: "currency", Default: map[Profile]string{CNP2P2016: "1000000.00", Neutral: "5000000.00"},
		Minimum: "1000.00", Maximum: "1000000000.00",
		English: "The most that one company may owe and have applied for together.",
		Chinese: "同一法人在平台借款及申请中金额的合计上限。",
	},
	{
		Name: ApprovalsByAmount, Type: Steps, Unit: "people by amount", Default: both("0=1, 200000.00=2"), Minimum: "1", Maximum: "5",
		English: "How many different people must approve an application, by the amount that was asked for.",
		Chinese: "按申请金额规定的借款审核所需的不同审核人数。",
	},
	{
		Name: RequiredDocuments, Type: Checklist, Unit: "documents by borrower and amount", Choices: documentKinds, Default: map[Profile]string{
			CNP2P2016: "PERSON 0=IDENTITY_CARD PROOF_OF_INCOME BANK_STATEMENT, 100000.00=CREDIT_REPORT; " +
				"COMPANY 0=BUSINESS_LICENSE FINANCIAL_STATEMENT BANK_STATEMENT, 500000.00=TAX_RECORD",
			Neutral: "PERSON 0=IDENTITY_CARD PROOF_OF_INCOME; COMPANY 0=BUSINESS_LICENSE FINANCIAL_STATEMENT",
		},
		English: "The documents that a loan needs, by borrower and amount.",
		Chinese: "按借款人类型和金额规定的必备资料。",
	},
	{
		Name: MaxDocumentSize, Type: Integer, Unit: "megabytes", Default: both("10"), Minimum: "1", Maximum: "50",
		English: "The largest file that may be uploaded as a document.",
		Chinese: "单个资料文件的大小上限。",
	},
	{
		Name: DownloadLifetime, Type: Duration, Unit: "hours, minutes, seconds", Default: both("5m"), Minimum: "10s", Maximum: "24h",
		English: "How long the link to the file of a document, an export or a backup may be used.",
		Chinese: "资料、导出文件和备份的下载链接的有效时长。",
	},
	{
		Name: ExportRetention, Type: Integer, Unit: "days", Default: both("7"), Minimum: "1", Maximum: "365",
		English: "After how many days the file of an export is removed.",
		Chinese: "导出文件在多少天后删除。",
	},
	{
		Name: ClaimLifetime, Type: Duration, Unit: "hours, minutes, seconds", Default: both("30m"), Minimum: "1m", Maximum: "24h",
		English: "How long a claim on something in a review queue lasts.",
		Chinese: "审核任务认领的有效时长。",
	},
	{
		Name: MaxListingDays, Type: Integer, Unit: "days", Default: both("30"), Minimum: "1", Maximum: "365",
		English: "How long a listing may take bids at most.",
		Chinese: "招标的最长天数。",
	},
	{
		Name: AutoApproveBidLimit, Type: Money, Unit: "currency", Default: both("10000.00"), Minimum: "0.00", Maximum: "1000000000.00",
		English: "A bid up to this amount is approved at once; a larger one is reviewed.",
		Chinese: "不超过该金额的投标自动通过，超过的需人工审核。",
	},
	{
		Name: ShareLimit, Type: Integer, Unit: "percent of the loan", Default: both("100"), Minimum: "1", Maximum: "100",
		English: "The most that one investor may hold of one loan.",
		Chinese: "同一投资人在单笔借款中的最高占比。",
	},
	{
		Name: BidReviewHours, Type: Integer, Unit: "hours", Default: both("24"), Minimum: "0", Maximum: "720",
		English: "How long reviews of bids are waited for after a listing's closing time, when the bids make the amount.",
		Chinese: "招标截止且投标额已满时，等待投标审核的小时数。",
	},
	{
		Name: FundingReviewDays, Type: Integer, Unit: "days", Default: both("7"), Minimum: "1", Maximum: "90",
		English: "How long a fully funded loan waits for its funding review before its listing fails.",
		Chinese: "满标后等待满标审核的天数，逾期按流标处理。",
	},
	{
		Name: ReopenedListingDays, Type: Integer, Unit: "days", Default: both("3"), Minimum: "1", Maximum: "30",
		English: "How long a loan takes bids again when the payment of single bids failed.",
		Chinese: "部分投标扣款失败后重新招标的天数。",
	},
	{
		Name: FinancePatience, Type: Duration, Unit: "hours, minutes, seconds", Default: both("1h"), Minimum: "1s", Maximum: "168h",
		English: "How long the finance system's answer to an order is waited for before it is asked.",
		Chinese: "等待财务系统回复放款指令的时长，超过后主动查询。",
	},
	{
		Name: GraceDays, Type: Integer, Unit: "days", Default: both("0"), Minimum: "0", Maximum: "90",
		English: "The days after its due date on which an unpaid instalment is not yet overdue.",
		Chinese: "还款日之后不计为逾期的宽限天数。",
	},
	{
		Name: PenaltyRate, Type: Percent, Unit: "percent a year", Default: both("18"), Minimum: "0", Maximum: "100",
		English: "The rate of the penalty on overdue principal.",
		Chinese: "逾期本金的罚息年利率。",
	},
	{
		Name: DefaultDays, Type: Integer, Unit: "days", Default: both("90"), Minimum: "1", Maximum: "3650",
		English: "The days overdue after which a loan is in default.",
		Chinese: "逾期达到该天数后认定为违约。",
	},
	{
		Name: WriteOffDays, Type: Integer, Unit: "days", Default: both("180"), Minimum: "1", Maximum: "3650",
		English: "The days overdue after which a loan in default is written off.",
		Chinese: "逾期达到该天数后核销违约借款。",
	},
	{
		Name: EarlySettlementFee, Type: Percent, Unit: "percent of the outstanding principal", Default: both("1"), Minimum: "0", Maximum: "10",
		English: "The fee of an early settlement, a share of the outstanding principal.",
		Chinese: "提前结清的手续费，占未还本金的百分比。",
	},
	{
		Name: SettlementQuoteDays, Type: Integer, Unit: "days", Default: both("3"), Minimum: "1", Maximum: "30",
		English: "How long an approved request for early settlement holds.",
		Chinese: "提前结清申请获批后的有效天数。",
	},
	{
		Name: MaxExtensionMonths, Type: Integer, Unit: "months", Default: both("12"), Minimum: "1", Maximum: "120",
		English: "The most months by which a loan may be extended.",
		Chinese: "借款展期的最长月数。",
	},
}

// Find is the definition of a name.
func Find(name string) (Definition, bool) {
	for _, d := range Definitions {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{}, false
}
