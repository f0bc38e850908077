package parameter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that every zone is known whatever the machine has installed
	"unicode"
	"unicode/utf8"

	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/money"
)

// Check tells what is wrong with a value for a parameter, nil when it may be kept as it is.
//
// Problems: NOT_FOUND parameter_unknown for a name that is not defined; else those of Definition.Check.
func Check(name, value string) *fault.Problem {
	d, ok := Find(name)
	if !ok {
		return &fault.Problem{Code: fault.NotFound, Text: "parameter_unknown"}
	}
	return d.Check(value)
}

// Check tells what is wrong with a value of the definition's type.
//
// Problems: REQUIRED for an empty value; INVALID parameter_text, parameter_folder, parameter_integer, parameter_duration,
// parameter_time_zone, parameter_choice, parameter_steps, parameter_checklist, email_malformed, amount_malformed, rate_malformed; beyond the limits
// OUT_OF_RANGE parameter_out_of_range, and for texts TOO_SHORT parameter_too_short and TOO_LONG parameter_too_long.
func (d Definition) Check(value string) *fault.Problem {
	if value == "" {
		return &fault.Problem{Code: fault.Required}
	}
	switch d.Type {
	case Text:
		return d.checkText(value)
	case Folder:
		if strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return &fault.Problem{Code: fault.Invalid, Text: "parameter_folder"}
		}
		return d.checkText(value)
	case Email:
		_, problem := identity.Email(value)
		return problem
	case Choice, Locale:
		if !slices.Contains(d.Choices, value) {
			return &fault.Problem{Code: fault.Invalid, Text: "parameter_choice", Data: map[string]any{"choices": strings.Join(d.Choices, ", ")}}
		}
		return nil
	case TimeZone:
		if _, problem := parseTimeZone(value); problem != nil {
			return problem
		}
		return nil
	case Checklist:
		_, problem := parseChecklist(value, d.Choices)
		return problem
	case Steps:
		steps, problem := parseSteps(value)
		for _, s := range steps {
			if problem == nil {
				problem = within(d, strconv.Itoa(s.number), parseInteger)
			}
		}
		return problem
	case Integer:
		return within(d, value, parseInteger)
	case Money:
		return within(d, value, money.ParseAmount)
	case Percent:
		return within(d, value, money.ParseRate)
	case Duration:
		return within(d, value, parseDuration)
	}
	panic("parameter: " + d.Name + " has the unknown type " + string(d.Type))
}

func (d Definition) checkText(value string) *fault.Problem {
	if !utf8.ValidString(value) || value != strings.TrimSpace(value) || strings.ContainsFunc(value, notPrinted) {
		return &fault.Problem{Code: fault.Invalid, Text: "parameter_text"}
	}
	n := utf8.RuneCountInString(value)
	if least, ok := limit(d.Minimum, parseInteger); ok && n < least {
		return &fault.Problem{Code: fault.TooShort, Text: "parameter_too_short", Data: map[string]any{"minimum": least}}
	}
	if most, ok := limit(d.Maximum, parseInteger); ok && n > most {
		return &fault.Problem{Code: fault.TooLong, Text: "parameter_too_long", Data: map[string]any{"maximum": most}}
	}
	return nil
}

// notPrinted is what could break a header or hide in a line: control, formatting and line separating characters.
func notPrinted(r rune) bool { return !unicode.IsGraphic(r) || unicode.In(r, unicode.Zl, unicode.Zp) }

// within checks that a value can be read and lies between the limits, which are written in the same way.
func within[T cmp.Ordered](d Definition, value string, read func(string) (T, *fault.Problem)) *fault.Problem {
	v, problem := read(value)
	if problem != nil {
		return problem
	}
	least, bounded := limit(d.Minimum, read)
	most, capped := limit(d.Maximum, read)
	if (bounded && v < least) || (capped && v > most) {
		return &fault.Problem{Code: fault.OutOfRange, Text: "parameter_out_of_range", Data: map[string]any{"minimum": d.Minimum, "maximum": d.Maximum}}
	}
	return nil
}

func limit[T any](s string, read func(string) (T, *fault.Problem)) (T, bool) {
	if s == "" {
		var none T
		return none, false
	}
	v, problem := read(s)
	return v, problem == nil
}

func parseInteger(s string) (int, *fault.Problem) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, &fault.Problem{Code: fault.Invalid, Text: "parameter_integer"}
	}
	return n, nil
}

func parseDuration(s string) (time.Duration, *fault.Problem) {
	n, err := time.ParseDuration(s)
	if err != nil {
		return 0, &fault.Problem{Code: fault.Invalid, Text: "parameter_duration"}
	}
	return n, nil
}

// parseTimeZone takes no "Local", which would mean another zone on each machine.
func parseTimeZone(s string) (*time.Location, *fault.Problem) {
	zone, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		return nil, &fault.Problem{Code: fault.Invalid, Text: "parameter_time_zone"}
	}
	return zone, nil
}
