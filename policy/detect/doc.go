// Package detect finds sensitive values in texts by their form: card numbers,
// addresses, identification numbers, keys. What has a check digit is checked,
// so that an order number is not taken for a card.
//
// It knows texts. It must not know where they come from or what becomes of what
// is found. It is a net under rules that name columns and not a replacement for
// them: a text that was changed, as by replacing or reversing characters, no
// longer has the form.
package detect
