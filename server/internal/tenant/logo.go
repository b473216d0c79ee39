package tenant

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // a form that logos come in
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a form that logos come in
)

// Limits of a logo.
const (
	MaxLogoBytes = 1 << 20 // as it comes
	maxLogoSide  = 4096    // pixels, as it comes
	minLogoSide  = 32
	logoHigh     = 128 // pixels, as it is kept: four times the height that pages show
	logoWide     = 640
)

// readLogo makes of a picture the PNG that is kept: decoded, made small, written anew, so that
// nothing but its pixels gets through. PNG, JPEG and WebP are read; SVG is not, for it can hold
// scripts and addresses.
func readLogo(b []byte) ([]byte, error) {
	if len(b) > MaxLogoBytes {
		return nil, fmt.Errorf("the logo has %.1f MB; at most 1 MB is taken", float64(len(b))/(1<<20))
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("the logo is not a PNG, JPEG or WebP picture")
	}
	if head.Width > maxLogoSide || head.Height > maxLogoSide || head.Width < minLogoSide || head.Height < minLogoSide {
		return nil, fmt.Errorf("the logo has %d by %d pixels; each side must have %d to %d", head.Width, head.Height, minLogoSide, maxLogoSide)
	}
	if head.Width > 8*head.Height || head.Height > 2*head.Width {
		return nil, fmt.Errorf("the logo has %d by %d pixels; it may be up to 8 times as wide as high, or twice as high as wide", head.Width, head.Height)
	}
	from, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("the logo is broken: %w", err)
	}
	scale := min(1, float64(logoHigh)/float64(head.Height), float64(logoWide)/float64(head.Width))
	to := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(head.Width)*scale)), max(1, int(float64(head.Height)*scale))))
	draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
	plate(to)
	var out bytes.Buffer
	err = png.Encode(&out, to)
	return out.Bytes(), err
}

// plate puts a logo that can be seen through on white, or on black when it is light itself: pages
// have a light and a dark theme, and mails are shown on any ground.
func plate(m *image.NRGBA) {
	var light, seen float64
	clear := false
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := m.NRGBAAt(x, y)
			a := float64(c.A) / 255
			seen += a
			light += a * colour{float64(c.R), float64(c.G), float64(c.B)}.luminance()
			clear = clear || c.A < 250
		}
	}
	if !clear {
		return
	}
	ground := color.NRGBA{255, 255, 255, 255}
	if light > 0.6*seen {
		ground = color.NRGBA{0, 0, 0, 255}
	}
	whole := image.NewNRGBA(b)
	draw.Draw(whole, b, image.NewUniform(ground), image.Point{}, draw.Src)
	draw.Draw(whole, b, m, b.Min, draw.Over)
	copy(m.Pix, whole.Pix)
}
