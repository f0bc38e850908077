package plan

import "time"

// DueAfter is the months from the value date to the line with this index.
func (t Terms) DueAfter(line int) int {
	if t.Method == Bullet {
		return t.Months
	}
	return line + 1
}

// DueOn is the day some months after the value date, as midnight in the zone of that date. A day that the month lacks is its last; the next month
// has it again, so that the end of the month sticks.
func DueOn(value time.Time, months int) time.Time {
	year, month, on := value.Date()
	last := time.Date(year, month+time.Month(months)+1, 0, 0, 0, 0, 0, value.Location())
	if on > last.Day() {
		return last
	}
	return time.Date(year, month+time.Month(months), on, 0, 0, 0, 0, value.Location())
}
