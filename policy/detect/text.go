package detect

import "bytes"

// emails finds addresses around each sign, an @ or what stands for it: a local part of the characters that
// addresses are made of, a domain of two labels or more. RFC 5322 allows more,
// such as braces, which mostly belong to what stands around an address.
func emails(dst []Span, text []byte, sign string) []Span {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(sign))
		if at < 0 {
			return dst
		}
		at += from
		start := at
		for start > from && local(text[start-1]) {
			start--
		}
		for start < at && text[start] == '.' {
			start++
		}
		behind := at + len(sign)
		end, dots := behind, 0
		for end < len(text) && domain(text[end]) {
			if text[end] == '.' {
				if end == behind || text[end-1] == '.' {
					break
				}
				dots++
			}
			end++
		}
		for end > behind && (text[end-1] == '.' || text[end-1] == '-') {
			if text[end-1] == '.' {
				dots--
			}
			end--
		}
		from = behind
		if start < at && dots > 0 {
			dst = append(dst, Span{start, end})
			from = end
		}
	}
}

func local(b byte) bool {
	return class[b]&(isLetter|isDigit|isDot|isDash|isUnderscore) != 0 || b == '+' || b == '%' || b >= 0x80
}

func domain(b byte) bool { return class[b]&(isLetter|isDigit|isDash|isDot) != 0 || b >= 0x80 }

// The digits of a phone number with its country's code (E.164), and of the
// shortest that is looked for.
const (
	mostPhoneDigits   = 15
	fewestPhoneDigits = 8
)

// phones finds numbers that are written internationally, and national ones that
// are grouped: (555) 867-5309, 020 7946 0018.
func phones(dst []Span, text []byte) []Span {
	for i := 0; i < len(text); {
		b := text[i]
		if class[b] != isDigit && b != '+' && b != '(' {
			i++
			continue
		}
		end, digits, groups := phoneRun(text, i)
		if i > 0 && class[text[i-1]]&(isLetter|isDigit) != 0 {
			i = max(end, i+1)
			continue
		}
		if phone(text[i:end], digits, groups) {
			dst = append(dst, Span{i, end})
		}
		i = max(end, i+1)
	}
	return dst
}

// phoneRun gives the end of a run of digits, brackets and single separators,
// its digits and the sizes of its groups, four at most.
func phoneRun(text []byte, i int) (end, digits int, groups [4]int) {
	group := 0
	gap := true
	for at := i; at < len(text); at++ {
		switch b := text[at]; {
		case class[b] == isDigit:
			if gap && digits > 0 {
				group++
			}
			if group < len(groups) {
				groups[group]++
			}
			digits++
			gap = false
			end = at + 1
		case b == '+' && at == i, b == '(' && (gap || separator(text[at-1])), b == ')' && !gap:
			gap = gap || b == ')'
		case separator(b) && at > i && class[text[at-1]] == isDigit, b == ' ' && text[max(at-1, 0)] == ')':
			gap = true
		default:
			return max(end, i+1), digits, groups
		}
	}
	return max(end, i+1), digits, groups
}

func phone(run []byte, digits int, groups [4]int) bool {
	if digits < fewestPhoneDigits || digits > mostPhoneDigits {
		return false
	}
	switch {
	case run[0] == '+':
		return true
	case groups[1] == 0: // not grouped: any number
		return false
	case digits == 10 && groups == [4]int{3, 3, 4}: // North America
		return true
	case digits == 11 && run[0] == '1' && groups == [4]int{1, 3, 3, 4}:
		return true
	case run[0] == '0' || run[0] == '(' && run[1] == '0': // a national prefix
		date := digits == 8 && groups == [4]int{2, 2, 4}
		return digits >= 9 && !date
	}
	return false
}
