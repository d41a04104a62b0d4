package detect

import "bytes"

// secret is the form of a key that a service gives out.
type secret struct {
	prefix string
	least  int // characters behind the prefix
	of     func(byte) bool
}

// shortestKey is the least length of a text that can hold one.
const shortestKey = 20

// secrets are the forms of keys.
func secrets() []secret {
	return []secret{
		{"AKIA", 16, capital}, {"ASIA", 16, capital}, {"ABIA", 16, capital}, {"ACCA", 16, capital},
		{"ghp_", 36, token}, {"gho_", 36, token}, {"ghu_", 36, token}, {"ghs_", 36, token}, {"ghr_", 36, token},
		{"github_pat_", 22, token}, {"glpat-", 20, token},
		{"xoxb-", 16, token}, {"xoxa-", 16, token}, {"xoxp-", 16, token}, {"xoxr-", 16, token}, {"xoxs-", 16, token}, {"xapp-", 16, token},
		{"sk_live_", 16, token}, {"sk_test_", 16, token}, {"rk_live_", 16, token}, {"rk_test_", 16, token}, {"whsec_", 16, token},
		{"sk-", 20, token}, {"AIza", 35, token}, {"ya29.", 20, token}, {"SG.", 40, dotted},
		{"hf_", 30, token}, {"npm_", 36, token}, {"pypi-", 50, token}, {"dop_v1_", 40, token}, {"hvs.", 20, token},
		{"gsk_", 40, token}, {"xai-", 40, token}, {"glsa_", 32, token}, {"lin_api_", 32, token}, {"ntn_", 40, token}, {"r8_", 36, token},
		{"dckr_pat_", 20, token}, {"dapi", 32, hexadecimal}, {"GOCSPX-", 24, token}, {"NRAK-", 27, capital}, {"PMAK-", 40, token}, {"sbp_", 40, token},
		{"hooks.slack.com/services/", 30, path},
		{"shpat_", 32, token}, {"shpss_", 32, token}, {"sq0csp-", 30, token}, {"eyJ", 40, dotted}, {"tskey-", 16, token},
	}
}

func capital(b byte) bool { return b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' }

func token(b byte) bool { return class[b]&(isLetter|isDigit|isDash|isUnderscore) != 0 }

func hexadecimal(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' }

func path(b byte) bool { return token(b) || b == '/' }

func dotted(b byte) bool { return token(b) || b == '.' }

// keys finds keys at the beginnings of words.
func (s *Set) keys(dst []Span, text []byte) []Span {
	for i := 0; i+shortestKey <= len(text); i++ {
		if !s.begins[text[i]] || i > 0 && class[text[i-1]]&(isLetter|isDigit) != 0 {
			continue
		}
		for k := range s.secrets {
			f := &s.secrets[k]
			if !bytes.HasPrefix(text[i:], []byte(f.prefix)) {
				continue
			}
			end := i + len(f.prefix)
			for end < len(text) && f.of(text[end]) {
				end++
			}
			if end-i-len(f.prefix) < f.least || f.prefix == "eyJ" && bytes.Count(text[i:end], []byte{'.'}) < 2 {
				continue
			}
			dst = append(dst, Span{i, end})
			i = end - 1
			break
		}
	}
	return dst
}

// privateKeys finds keys from their first line to their last, or to the text's
// end.
func privateKeys(dst []Span, text []byte) []Span {
	for _, f := range []struct{ begin, middle, end string }{
		{"-----BEGIN ", "PRIVATE KEY", "-----END "},
		{"PuTTY-User-Key-File-", ":", "Private-MAC:"},
		{"AGE-SECRET-KEY-", "1", ""},
	} {
		for from := 0; ; {
			at := bytes.Index(text[from:], []byte(f.begin))
			if at < 0 {
				break
			}
			at += from
			from = at + len(f.begin)
			head := text[from:min(len(text), from+64)]
			if line := bytes.IndexAny(head, "\r\n"); line >= 0 {
				head = head[:line]
			}
			if !bytes.Contains(head, []byte(f.middle)) {
				continue
			}
			end := len(text)
			switch last := bytes.Index(text[from:], []byte(f.end)); {
			case f.end == "":
				for end = from; end < len(text) && class[text[end]]&(isLetter|isDigit) != 0; end++ {
				}
			case last >= 0:
				end = from + last + len(f.end)
				for end < len(text) && text[end] != '\n' {
					end++
				}
			}
			dst = append(dst, Span{at, end})
			from = end
		}
	}
	return dst
}
