package tenant

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sampleagent/server/internal/store"
)

// Whatever colours a tenant chooses, text in them can be read on every ground that pages have.
func TestEveryColourCanBeRead(t *testing.T) {
	check := func(what, text, ground string) {
		if c := contrast(text, ground); c < minContrast {
			t.Errorf("%s: %s on %s is %.2f to 1", what, text, ground, c)
		}
	}
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				chosen := colour{float64(r), float64(g), float64(b)}.hex()
				for theme, name := range []string{"light", "dark"} {
					p := palette(store.Colours{Accent: chosen, Bar: chosen}, theme)
					for _, ground := range append([]string{p.Dim}, grounds[theme].all...) {
						check(chosen+" as link, "+name, p.Accent, ground)
					}
					check(chosen+" as button", p.OnFill, p.Fill)
					check(chosen+" as bar", p.OnBar, p.Bar)
					check(chosen+" as page in the bar", p.OnBar, p.BarDim)
					if p.Fill != chosen || p.Bar != chosen {
						t.Errorf("%s was changed where it is a ground: %+v", chosen, p)
					}
				}
				if t.Failed() {
					return
				}
			}
		}
	}
	if p := palette(store.Colours{Accent: "#14713f"}, 0); p.Accent != "#14713f" {
		t.Errorf("a colour that can be read was changed to %s", p.Accent)
	}
	// Pairs of the definition, by hand: black on white, and #777777 on white, which just fails.
	if c := contrast("#000000", "#ffffff"); c != 21 {
		t.Errorf("black on white: %f", c)
	}
	if c := contrast("#777777", "#ffffff"); c < 4.47 || c > 4.49 {
		t.Errorf("#777777 on white: %f", c)
	}
}

// The grounds are those of the style sheet.
func TestGroundsAreThoseOfPages(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "web", "static", "app.css"))
	if err != nil {
		t.Fatal(err)
	}
	roots := regexp.MustCompile(`:root \{([^}]+)\}`).FindAllStringSubmatch(string(b), 2)
	if len(roots) != 2 {
		t.Fatal(len(roots))
	}
	for theme, root := range roots {
		for i, name := range []string{"ground", "panel", "raised"} {
			m := regexp.MustCompile(`--` + name + `: (#[0-9a-f]+);`).FindStringSubmatch(root[1])
			if m == nil {
				t.Fatalf("no --%s", name)
			}
			hex := m[1]
			if len(hex) == 4 {
				hex = "#" + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2) + strings.Repeat(hex[3:4], 2)
			}
			if grounds[theme].all[i] != hex {
				t.Errorf("theme %d: %s is %s on pages, %s here", theme, name, hex, grounds[theme].all[i])
			}
		}
	}
}

func picture(w, h int, fill func(x, y int) color.Color) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, fill(x, y))
		}
	}
	return m
}

// A logo is decoded and written anew: what is not a picture, too large or of odd shape is refused,
// nothing beside the pixels gets through, and what can be seen through gets a ground.
func TestLogosAreMadeAnew(t *testing.T) {
	encoded := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	red := func(int, int) color.Color { return color.NRGBA{200, 20, 20, 255} }
	half := func(ink color.NRGBA) func(x, y int) color.Color {
		return func(x, _ int) color.Color {
			if x < 100 {
				return ink
			}
			return color.NRGBA{}
		}
	}
	for name, c := range map[string]struct {
		ink, ground color.NRGBA
	}{"dark on white": {color.NRGBA{10, 10, 40, 255}, color.NRGBA{255, 255, 255, 255}}, "light on black": {color.NRGBA{250, 250, 250, 255}, color.NRGBA{0, 0, 0, 255}}} {
		out, err := readLogo(encoded(picture(200, 200, half(c.ink))))
		if err != nil {
			t.Fatal(name, err)
		}
		m, err := png.Decode(bytes.NewReader(out))
		if err != nil || m.Bounds().Dx() != logoHigh || m.Bounds().Dy() != logoHigh {
			t.Fatal(name, err, m.Bounds())
		}
		if got := color.NRGBAModel.Convert(m.At(logoHigh-2, 10)).(color.NRGBA); got != c.ground {
			t.Errorf("%s: the ground is %v", name, got)
		}
	}
	// A comment with a script in it does not survive; a JPEG becomes a PNG.
	hidden := encoded(picture(64, 64, red))
	hidden = append(hidden, []byte("<script>alert(1)</script>")...)
	out, err := readLogo(hidden)
	if err != nil || bytes.Contains(out, []byte("script")) {
		t.Errorf("%v, or the script is still there", err)
	}
	var j bytes.Buffer
	wide := picture(1200, 200, red)
	draw.Draw(wide, image.Rect(0, 0, 10, 10), image.White, image.Point{}, draw.Src)
	if err := jpeg.Encode(&j, wide, nil); err != nil {
		t.Fatal(err)
	}
	if out, err = readLogo(j.Bytes()); err != nil || !bytes.HasPrefix(out, []byte("\x89PNG")) {
		t.Errorf("a JPEG: %v", err)
	}
	if head, err := png.DecodeConfig(bytes.NewReader(out)); err != nil || head.Width > logoWide || head.Height > logoHigh {
		t.Errorf("kept with %d by %d: %v", head.Width, head.Height, err)
	}
	for name, b := range map[string][]byte{
		"SVG":       []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><script>alert(1)</script></svg>`),
		"HTML":      []byte("<html>"),
		"empty":     {},
		"cut":       hidden[:40],
		"too many":  append(encoded(picture(64, 64, red)), make([]byte, MaxLogoBytes)...),
		"too small": encoded(picture(16, 16, red)),
		"a stripe":  encoded(picture(600, 40, red)),
		"too large": encoded(image.NewGray(image.Rect(0, 0, maxLogoSide+1, 600))),
	} {
		if _, err := readLogo(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Hosts in one form; nobody's, ours, and those that share their name with another's are refused.
func TestHostsAreChecked(t *testing.T) {
	const own = "cloud.sample-agent.example.org"
	for text, want := range map[string]string{
		" Sounds.Acme.Example.COM. ": "sounds.acme.example.com", "klänge.example.com": "xn--klnge-hra.example.com", "acme." + own: "acme." + own,
	} {
		if got, err := cleanHost(text, own); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "localhost", "127.0.0.1", "::1", "[::1]", "com", "co.uk", "github.io", own, "example.org", "sample-agent.example.org", "a b.example.com", "a..example.com", "-a.example.com",
		"sounds.example.com:8404", "https://sounds.example.com", "user@sounds.example.com", "sounds.example.com/path", "sounds_1.example.com", strings.Repeat("a", 64) + ".example.com", "*.example.com"} {
		if got, err := cleanHost(text, own); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
	others := []store.Tenant{{ID: "1", Name: "Acme", Host: "sounds.acme.example.com"}}
	for host, ok := range map[string]bool{"sounds.zeta.example.com": true, "othersounds.acme.example.com": true, "sounds.acme.example.com": false, "x.sounds.acme.example.com": false, "acme.example.com": false} {
		if err := free(host, "2", others); (err == nil) != ok {
			t.Errorf("%s beside %s: %v", host, others[0].Host, err)
		}
	}
	if err := free("acme.example.com", "1", others); err != nil {
		t.Errorf("a tenant's own move: %v", err)
	}
}
