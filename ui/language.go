package ui

import (
	"errors"
	"os"

	"fyne.io/fyne/v2/lang"
)

// speakEnglish makes Fyne's own words (Cancel, Home, the Paste of a menu) English like ours: Fyne
// translates them into the language of the system, and a dialog in two languages reads badly. It
// takes the language from the environment whenever translations are added; the environment is left
// as it was, for the programs that are started from here.
func speakEnglish() (err error) {
	const key = "LC_ALL"
	before, set := os.LookupEnv(key)
	if err := os.Setenv(key, "C"); err != nil {
		return err
	}
	defer func() {
		if set {
			err = errors.Join(err, os.Setenv(key, before))
		} else {
			err = errors.Join(err, os.Unsetenv(key))
		}
	}()
	return lang.AddTranslationsForLocale([]byte("{}"), "en")
}
