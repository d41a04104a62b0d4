// Package ordinary holds the suite of ordinary use: what clients send to look at a
// database, what analysts and agents ask of one, what applications and migrations
// do. All of it runs on a real server twice, directly and through weir with masks and
// guards in force, and nothing of it may be refused.
//
// Of each answer the columns that are not masked must be equal to the direct ones,
// the masked ones to what the rule makes of the direct values, and what is computed
// from masked ones must show nothing. The statements are files under testdata.
//
// Like all tests here it sees weir from outside: the binary, its documents and the
// wire. It must not know how a statement is judged.
package ordinary
