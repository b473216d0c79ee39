package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
)

// Stars shows and takes a rating of 0 to 5. A tap on the star that is the rating takes it away.
type Stars struct {
	widget.BaseWidget
	OnRated func(rating int)

	rating, hovered int
	focused         bool
}

// NewStars shows no rating.
func NewStars(rated func(int)) *Stars {
	s := &Stars{OnRated: rated}
	s.ExtendBaseWidget(s)
	return s
}

// SetRating shows a rating without telling OnRated.
func (s *Stars) SetRating(n int) {
	if n != s.rating {
		s.rating = n
		s.Refresh()
	}
}

func (s *Stars) rate(n int) {
	n = max(0, min(n, 5))
	s.SetRating(n)
	if s.OnRated != nil {
		s.OnRated(n)
	}
}

const starSide = 18

// Tapped implements fyne.Tappable.
func (s *Stars) Tapped(e *fyne.PointEvent) {
	n := int(e.Position.X/starSide) + 1
	if n == s.rating {
		n = 0
	}
	s.rate(n)
}

// FocusGained implements fyne.Focusable.
func (s *Stars) FocusGained() { s.focused = true; s.Refresh() }

// FocusLost implements fyne.Focusable.
func (s *Stars) FocusLost() { s.focused = false; s.Refresh() }

// TypedRune implements fyne.Focusable: digits rate.
func (s *Stars) TypedRune(r rune) {
	if r >= '0' && r <= '5' {
		s.rate(int(r - '0'))
	}
}

// TypedKey implements fyne.Focusable.
func (s *Stars) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		s.rate(s.rating - 1)
	case fyne.KeyRight:
		s.rate(s.rating + 1)
	default:
		Pass(s, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (s *Stars) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *Stars) MouseMoved(e *desktop.MouseEvent) {
	if n := int(e.Position.X/starSide) + 1; n != s.hovered {
		s.hovered = n
		s.Refresh()
	}
}

// MouseOut implements desktop.Hoverable.
func (s *Stars) MouseOut() { s.hovered = 0; s.Refresh() }

// CreateRenderer implements fyne.Widget.
func (s *Stars) CreateRenderer() fyne.WidgetRenderer {
	r := &starsRenderer{s: s, line: canvas.NewRectangle(nil)}
	for range 5 {
		r.stars = append(r.stars, canvas.NewImageFromResource(nil))
	}
	r.Refresh()
	return r
}

type starsRenderer struct {
	s     *Stars
	stars []*canvas.Image
	line  *canvas.Rectangle
}

func (r *starsRenderer) Destroy()           {}
func (r *starsRenderer) MinSize() fyne.Size { return fyne.NewSize(5*starSide, 22) }
func (r *starsRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.line}
	for _, i := range r.stars {
		objects = append(objects, i)
	}
	return objects
}

func (r *starsRenderer) Layout(size fyne.Size) {
	for i, star := range r.stars {
		star.Resize(fyne.NewSquareSize(15))
		star.Move(fyne.NewPos(float32(i)*starSide+1, (size.Height-15)/2))
	}
	r.line.Resize(fyne.NewSize(5*starSide, 2))
	r.line.Move(fyne.NewPos(0, size.Height-2))
}

func (r *starsRenderer) Refresh() {
	r.line.FillColor = theme.Alpha(theme.C(theme.Accent), 0)
	if r.s.focused {
		r.line.FillColor = theme.C(theme.Accent)
	}
	r.line.Refresh()
	lit := r.s.rating
	for i, star := range r.stars {
		switch {
		case i < lit:
			setIcon(star, "starred", theme.Star)
		case i < r.s.hovered:
			setIcon(star, "star", theme.Star)
		default:
			setIcon(star, "star", theme.TextFaint)
		}
	}
}
