package web

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
)

// mailText is a mail of the outbox as the page shows it.
type mailText struct{ Subject, To, Date, Text string }

// readMail reads a mail's heading and its plain text.
func readMail(path string) (mailText, error) {
	f, err := os.Open(path)
	if err != nil {
		return mailText{}, err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return mailText{}, fmt.Errorf("read %s: %w", path, err)
	}
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	out := mailText{Subject: subject, To: m.Header.Get("To"), Date: m.Header.Get("Date")}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return out, nil
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		return out, fmt.Errorf("read %s: %w", path, err)
	}
	var body io.Reader = part
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(part)
	}
	text, err := io.ReadAll(io.LimitReader(body, 64<<10))
	out.Text = string(text)
	return out, err
}
