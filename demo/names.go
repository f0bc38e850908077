package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// word is a Chinese word and how it is read, for e-mail addresses.
type word struct{ written, read string }

var surnames = []word{
	{"王", "wang"},
	{"李", "li"},
	{"张", "zhang"},
	{"刘", "liu"},
	{"陈", "chen"},
	{"杨", "yang"},
	{"赵", "zhao"},
	{"黄", "huang"},
	{"周", "zhou"},
	{"吴", "wu"},
	{"徐", "xu"},
	{"孙", "sun"},
	{"胡", "hu"},
	{"朱", "zhu"},
	{"高", "gao"},
	{"林", "lin"},
	{"何", "he"},
	{"郭", "guo"},
	{"马", "ma"},
	{"罗", "luo"},
	{"梁", "liang"},
	{"宋", "song"},
	{"郑", "zheng"},
	{"谢", "xie"},
	{"韩", "han"},
	{"唐", "tang"},
	{"冯", "feng"},
	{"于", "yu"},
	{"董", "dong"},
	{"萧", "xiao"},
	{"程", "cheng"},
	{"曹", "cao"},
	{"袁", "yuan"},
	{"邓", "deng"},
	{"许", "xu"},
	{"傅", "fu"},
	{"沈", "shen"},
	{"曾", "zeng"},
	{"彭", "peng"},
	{"吕", "lv"},
	{"苏", "su"},
	{"卢", "lu"},
	{"蒋", "jiang"},
	{"蔡", "cai"},
	{"贾", "jia"},
	{"丁", "ding"},
	{"魏", "wei"},
	{"薛", "xue"},
	{"叶", "ye"},
	{"阎", "yan"},
	{"余", "yu"},
	{"潘", "pan"},
	{"杜", "du"},
	{"戴", "dai"},
	{"夏", "xia"},
	{"钟", "zhong"},
	{"汪", "wang"},
	{"田", "tian"},
	{"任", "ren"},
	{"姜", "jiang"},
}

var givenNames = []word{
	{"伟", "wei"},
	{"芳", "fang"},
	{"敏", "min"},
	{"静", "jing"},
	{"丽", "li"},
	{"强", "qiang"},
	{"磊", "lei"},
	{"洋", "yang"},
	{"勇", "yong"},
	{"艳", "yan"},
	{"杰", "jie"},
	{"娟", "juan"},
	{"涛", "tao"},
	{"明", "ming"},
	{"超", "chao"},
	{"霞", "xia"},
	{"平", "ping"},
	{"刚", "gang"},
	{"英", "ying"},
	{"华", "hua"},
	{"文", "wen"},
	{"建", "jian"},
	{"国", "guo"},
	{"志", "zhi"},
	{"海", "hai"},
	{"燕", "yan"},
	{"秀", "xiu"},
	{"兰", "lan"},
	{"桂", "gui"},
	{"春", "chun"},
	{"梅", "mei"},
	{"玉", "yu"},
	{"红", "hong"},
	{"军", "jun"},
	{"宇", "yu"},
	{"浩", "hao"},
	{"然", "ran"},
	{"子", "zi"},
	{"轩", "xuan"},
	{"雨", "yu"},
	{"欣", "xin"},
	{"怡", "yi"},
	{"佳", "jia"},
	{"俊", "jun"},
	{"思", "si"},
	{"晨", "chen"},
	{"嘉", "jia"},
	{"鹏", "peng"},
	{"飞", "fei"},
	{"辉", "hui"},
	{"亮", "liang"},
	{"斌", "bin"},
	{"峰", "feng"},
	{"龙", "long"},
	{"婷", "ting"},
	{"雪", "xue"},
	{"倩", "qian"},
	{"慧", "hui"},
	{"莉", "li"},
	{"萍", "ping"},
	{"琳", "lin"},
	{"凯", "kai"},
	{"博", "bo"},
}

// birthdays are as many as people are told apart by; who has another's has another region.
const birthdays = 14_600

// regions are counties and districts of GB/T 2260.
var regions = []string{
	"110101", "110102", "110105", "110106", "110108", "120101", "120104", "130102", "140105", "150102", "210102", "220102",
	"230102", "310101", "310104", "310105", "310115", "320102", "320106", "320505", "330102", "330106", "330203", "340103",
	"350102", "350203", "360102", "370102", "370202", "410102", "410105", "420102", "420106", "430102", "430104", "440103",
	"440106", "440304", "440305", "450103", "460105", "500103", "510104", "510107", "520103", "530102", "610103", "610113",
	"620102", "650102",
}

// particulars are what a person is known by.
type particulars struct{ name, email, phone, nationalID string }

// somebody makes up a person. Nobody has them twice: phones and birthdays are counted on. The phones are of a range that libphonenumber takes
// for mobile numbers of mainland China.
func (b *book) somebody() particulars {
	b.serial++
	surname, given := surnames[b.somewhere(len(surnames), 1.5)], pick(b, givenNames)
	if b.rnd.IntN(10) < 7 {
		second := pick(b, givenNames)
		given.written, given.read = given.written+second.written, given.read+second.read
	}
	birthday := b.serial * 131 % birthdays
	born := time.Date(1962, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, birthday)
	return particulars{
		name:       surname.written + given.written,
		email:      fmt.Sprintf("%s.%s%03d@example.com", given.read, surname.read, b.serial),
		phone:      fmt.Sprintf("+86199%08d", b.serial),
		nationalID: residentID(regions[(birthday*7+b.serial/birthdays)%len(regions)], born),
	}
}

// residentID makes a number by GB 11643 that nobody holds: sequences begin at 001.
func residentID(region string, born time.Time) string {
	digits := region + born.Format("20060102") + "000"
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * int(digits[i]-'0')
	}
	return digits + "10X98765432"[sum%11:sum%11+1]
}

// creditCode makes a unified social credit code by GB 32100: an enterprise (91), its region, the organisation's eight characters with their
// check character by GB 11714, and the check character of the whole.
func creditCode(region, organisation string) string {
	sum := 0
	for i, weight := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", organisation[i])
	}
	digits := "91" + region + organisation + "0123456789X"[(11-sum%11)%11:(11-sum%11)%11+1]
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	sum, weight := 0, 1
	for i := range digits {
		sum += weight * strings.IndexByte(alphabet, digits[i])
		weight = weight * 3 % 31
	}
	return digits + alphabet[(31-sum%31)%31:(31-sum%31)%31+1]
}

// cardNumber appends the Luhn check digit.
func cardNumber(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}
