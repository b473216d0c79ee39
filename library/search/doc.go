// Package search is the query language over the library: parse a query, run it, get rows in
// order. It knows the tables of library/catalog and nothing of files, sounds or screens.
//
// # The language
//
//	query  = [ any ]
//	any    = all { "|" all }                      one of them holds
//	all    = term { term }                        all of them hold; spaces stand between
//	term   = [ "-" ] ( word | "(" any ")" )       - turns it round
//	word   = text | field ":" value { "," value } commas: any of the values
//	text   = letters and digits, or "a phrase"
//
// Free text is looked for in name, near folders, tags, kind, class, key, notes, the source's
// artist and title, and the cloud's words, without regard to case and accents. A bare word finds
// words that begin like it (kick finds kicks); one in quotes is found whole. A word that has
// signs in it is a row of words: hi-hat is hi followed by hat. A word without any letter or
// digit asks for nothing.
//
// Quotes also hold spaces, commas and colons in values together: tag:"lo fi", and make a word
// with a colon plain text: "12:30". Inside quotes \" is a quote. A quote or group that is not
// closed reaches to the end. A parenthesis inside a word is part of it: loop(1).
//
// Numbers: 90 finds what shows as 90 (89.5 to 90.5; 90.0 is 89.95 to 90.05), 88-92 or 88..92
// both ends included, 88- from there on, <2 <=2 >2 >=2. With bpm:~90 (or bpm:~88-92) half and
// double time are found as well; ~90 alone is within 2 %. Whole numbers, and sizes, are exact.
// What is not known is never in a range, and always in a range turned round: -bpm:90.
//
// Keys: Am, "A minor", F#, Bb, 8A; key:Am~ finds what mixes with it: the same, the relative
// key, a fifth up and down. key:minor and key:major find a mode.
//
// Times: today, yesterday, week, month, year, 7d, 12h, 2w (the last so many), 2026-01-31,
// 2026-01, 2026; < and > before them, .. between two.
//
// in:"name" finds what is in a collection and those inside it; a path of names (in:Drums/Kicks)
// tells twins apart. Smart collections are asked live. like:ID keeps the LikeLimit samples that
// sound nearest to one, of those that the rest of the query finds, the nearest first, itself
// left out.
//
// Every field is listed by Fields and in docs/search.md, which a test keeps equal to it.
package search
