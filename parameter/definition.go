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
	Locale   Type = "LOCALE"    // a language of the texts, one of Choices, as a BCP 47 tag
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
)

// Choices of NATIONAL_ID.
const (
	NationalIDNone       = "NONE"
	NationalIDCNResident = "CN_RESIDENT_ID"
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
