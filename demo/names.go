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
}

var givenNames = []word{
	{"伟", "wei"},
	{"芳", "fang"},
	{"秀英", "xiuying"},
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
	{"秀兰", "xiulan"},
	{"霞", "xia"},
	{"平", "ping"},
	{"桂英", "guiying"},
	{"建华", "jianhua"},
	{"志强", "zhiqiang"},
	{"海燕", "haiyan"},
}

// regions are counties and districts of GB/T 2260.
var regions = []string{"110105", "310115", "320102", "330106", "420106", "440305", "510107", "610113", "350102", "370202"}

// particulars are what a person is known by.
type particulars struct{ name, email, phone, nationalID string }

// somebody makes up a person. Nobody has them twice: phones and birthdays are counted on. The phones are of a range that libphonenumber takes
// for mobile numbers of mainland China.
func (b *book) somebody() particulars {
	b.serial++
	surname, given := surnames[b.serial%len(surnames)], pick(b, givenNames)
	born := time.Date(1962, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, b.serial*131%14_600)
	return particulars{
		name:       surname.written + given.written,
		email:      fmt.Sprintf("%s.%s%03d@example.com", given.read, surname.read, b.serial),
		phone:      fmt.Sprintf("+861990000%04d", b.serial),
		nationalID: residentID(pick(b, regions), born),
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
