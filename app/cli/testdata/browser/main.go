// Command browser is the person at the browser for demonstrations: a real Chromium without a
// window opens the sign-in link, types the address and the code from the server's page of mails,
// and lets the desktop in. It stands in for xdg-open.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/chromedp/chromedp"
)

func main() {
	if err := run(os.Args[1], os.Getenv("DEMO_EMAIL"), os.Getenv("DEMO_PICTURE")); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// run signs in and, unless picture is "", photographs the question whether to let the desktop in.
func run(link, email, picture string) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1100, 700))
	alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	ctx, close := chromedp.NewContext(alloc)
	defer close()
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	address, digits, yes := chromedp.CSS(`input[name=email]`), chromedp.CSS(`input[name=code]`), chromedp.CSS(`button[value=yes]`)
	if err := chromedp.Do(ctx, chromedp.Navigate(link), chromedp.WaitVisible(address), chromedp.SendKeys(address, email), chromedp.Submit(address), chromedp.WaitVisible(digits)); err != nil {
		return err
	}
	code, err := mailed(u.Scheme + "://" + u.Host + "/outbox")
	if err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.SendKeys(digits, code), chromedp.Submit(digits), chromedp.WaitVisible(yes)); err != nil {
		return err
	}
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Click(yes)); err != nil {
		return err
	}
	// The page that says so is the desktop's own.
	for title := ""; title != "You are signed in"; time.Sleep(100 * time.Millisecond) {
		if title, err = chromedp.Run(ctx, chromedp.Evaluate[string](`document.title`)); err != nil && ctx.Err() != nil {
			return err
		}
	}
	if picture == "" {
		return nil
	}
	return os.WriteFile(picture, shot, 0o644)
}

// mailed waits for the code in the newest mail.
func mailed(outbox string) (string, error) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		r, err := http.Get(outbox)
		if err != nil {
			return "", err
		}
		page, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return "", err
		}
		if code := sixDigits.FindString(string(page)); code != "" {
			return code, nil
		}
	}
	return "", errors.New("no mail with a code came")
}
