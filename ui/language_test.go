package ui

import (
	"os"
	"testing"

	"fyne.io/fyne/v2/lang"
)

func TestFyneSpeaksEnglishEverywhere(t *testing.T) {
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	t.Setenv("LANGUAGE", "de")
	if err := lang.AddTranslationsForLocale([]byte("{}"), "de"); err != nil {
		t.Fatal(err)
	}
	if got := lang.L("Cancel"); got != "Abbrechen" {
		t.Fatalf("Fyne does not follow the environment any more: %q", got)
	}
	if err := speakEnglish(); err != nil {
		t.Fatal(err)
	}
	if got := lang.L("Cancel"); got != "Cancel" {
		t.Errorf("Cancel is %q", got)
	}
	if got := os.Getenv("LC_ALL"); got != "de_DE.UTF-8" {
		t.Errorf("LC_ALL is left as %q", got)
	}
}
