package web

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// maxLetter bounds what is shown of one mail, bytes.
const maxLetter = 64 << 10

// plainText is a mail as a person reads it: sender, receiver, subject and the text part.
func plainText(m *mail.Message) (string, error) {
	var words mime.WordDecoder
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	head := fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\n\n", m.Header.Get("From"), m.Header.Get("To"), subject)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		text, err := decoded(m.Body, m.Header.Get("Content-Transfer-Encoding"))
		return head + text, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return head, nil
		}
		if err != nil {
			return "", err
		}
		if kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err == nil && kind == "text/plain" {
			text, err := decoded(part, part.Header.Get("Content-Transfer-Encoding"))
			return head + text, err
		}
	}
}

func decoded(r io.Reader, encoding string) (string, error) {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxLetter))
	return string(text), err
}
