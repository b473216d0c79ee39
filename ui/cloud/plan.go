package cloud

import (
	"context"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	app "sampleagent/app/cloud"
	"sampleagent/sync/wire"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Plans is what the dialog of plans needs of the account; *cloud.Cloud of the application is one.
type Plans interface {
	State() app.State
	Refresh(ctx context.Context) error
	Checkout(ctx context.Context, every string) (address string, err error)
	Portal(ctx context.Context) (address string, err error)
}

// PlanModel is the dialog of plans as data. All methods belong to the UI goroutine.
type PlanModel struct {
	OnChanged func()

	core Plans
	run  browser.Background
	open func(address string) error

	yearly  bool
	busy    bool
	waiting bool // the browser shows the payment page
	tier    string
	err     string
}

// NewPlanModel shows the plans of the account's server; open starts the system's browser. The window
// calls Refresh when the account has changed.
func NewPlanModel(core Plans, run browser.Background, open func(address string) error) *PlanModel {
	m := &PlanModel{core: core, run: run, open: open}
	if d := core.State().Details; d != nil {
		m.tier = d.Tier
	}
	m.ask(func(ctx context.Context) (string, error) { return "", core.Refresh(ctx) })
	return m
}

// Offers are the plans there are; none until the server has answered.
func (m *PlanModel) Offers() []wire.Offer {
	if d := m.core.State().Details; d != nil {
		return d.Offers
	}
	return nil
}

// Yearly says whether prices are shown, and bought, by the year.
func (m *PlanModel) Yearly() bool { return m.yearly }

// SetYearly shows prices by the year, or by the month.
func (m *PlanModel) SetYearly(on bool) {
	m.yearly = on
	m.changed()
}

// Manage says whether there are bills to look at.
func (m *PlanModel) Manage() bool {
	d := m.core.State().Details
	return d != nil && d.Plan.Manage
}

// Note is the line under the plans, and whether it is bad news.
func (m *PlanModel) Note() (text string, bad bool) {
	d := m.core.State().Details
	switch {
	case m.err != "":
		return m.err, true
	case d == nil:
		return "The server has not answered yet.", false
	case m.waiting && d.Tier != m.tier:
		return "You have " + d.Tier + " now. Thank you!", false
	case m.waiting:
		return "Your browser shows the payment page. The plan changes here by itself once it is paid.", false
	case d.Plan.Unpaid != nil:
		return "The last payment did not go through: open bills and card.", true
	case d.Plan.EndsAt != nil:
		return "Cancelled: the plan lasts until " + d.Plan.EndsAt.Local().Format("2 January 2006") + "; nothing is deleted for 30 days after it.", false
	case d.Plan.RenewsAt != nil:
		return "Paid by the " + d.Plan.Every + ", renews on " + d.Plan.RenewsAt.Local().Format("2 January 2006") + ".", false
	case d.Billing != "on":
		return "Billing is off on this server, so nobody can pay there.", false
	}
	return "", false
}

// Buy opens the payment page in the browser.
func (m *PlanModel) Buy() {
	every := "month"
	if m.yearly {
		every = "year"
	}
	if d := m.core.State().Details; d != nil {
		m.tier = d.Tier
	}
	m.waiting = false
	m.ask(func(ctx context.Context) (string, error) { return m.core.Checkout(ctx, every) })
}

// Bills opens the page of bills and card in the browser.
func (m *PlanModel) Bills() { m.ask(m.core.Portal) }

// ask gets an address and opens it.
func (m *PlanModel) ask(get func(ctx context.Context) (string, error)) {
	if m.busy {
		return
	}
	m.busy, m.err = true, ""
	m.changed()
	m.run(func(ctx context.Context) func() {
		address, err := get(ctx)
		if err == nil && address != "" {
			err = m.open(address)
		}
		return func() {
			m.busy = false
			if err != nil {
				m.err = err.Error()
			} else if address != "" {
				m.waiting = true
			}
			m.changed()
		}
	})
}

func (m *PlanModel) changed() {
	if m.OnChanged != nil {
		m.OnChanged()
	}
}

// Refresh draws what the account is now.
func (m *PlanModel) Refresh() { m.changed() }

// Price is what an offer costs, and what is small beside it.
func Price(o wire.Offer, yearly bool) (price, per string) {
	dollars := func(cents int64) string {
		if cents%100 == 0 {
			return fmt.Sprintf("$%d", cents/100)
		}
		return fmt.Sprintf("$%d.%02d", cents/100, cents%100)
	}
	switch {
	case o.ByContract:
		return dollars(o.MonthCents), "a month and up, by contract"
	case yearly && o.YearCents > 0:
		return dollars(o.YearCents), "a year, that is " + dollars(o.YearCents/12) + " a month"
	case o.MonthCents > 0:
		return dollars(o.MonthCents), "a month"
	}
	return "$0", "for as long as you like"
}

// NewPlanView is the content of the dialog, and what takes the keyboard first.
func NewPlanView(m *PlanModel, close func()) (root fyne.CanvasObject, focus fyne.Focusable) {
	month := own.NewChip("Monthly", func() { m.SetYearly(false) })
	year := own.NewChip("Yearly", func() { m.SetYearly(true) })
	note := own.NewLabel("")
	bills := own.NewTextButton("", "Bills and card", "Opens in your browser", m.Bills)
	done := own.NewTextButton("", "Close", "", close)
	offers := newKeyed(0)
	m.OnChanged = func() {
		month.SetOn(!m.Yearly())
		year.SetOn(m.Yearly())
		show(bills, m.Manage())
		text, bad := m.Note()
		note.Set(text, map[bool]fyne.ThemeColorName{true: theme.Bad, false: theme.TextDim}[bad])
		offers.show(fmt.Sprint(m.Offers(), m.Yearly()), func() []fyne.CanvasObject {
			columns := container.NewGridWithColumns(max(1, len(m.Offers())))
			for _, o := range m.Offers() {
				columns.Add(own.InsetEach(planCard(m, o), 4, 4, 4, 4))
			}
			return []fyne.CanvasObject{columns}
		})
	}
	head := own.Beside(6, 3, own.NewTitle("Plans"), month, year, own.NewLabel(""))
	root = own.Below(12, 1, head, container.NewVScroll(offers.box), own.Beside(8, 0, note, bills, done))
	m.OnChanged()
	return root, done
}

// planCard is one plan: its price, its button, what it gives.
func planCard(m *PlanModel, o wire.Offer) fyne.CanvasObject {
	name := own.NewLabel(title(o.Tier))
	name.Style.Bold, name.TextSize = true, theme.TextTitle
	amount, per := Price(o, m.Yearly())
	price := own.NewLabel(amount)
	price.Style.Bold, price.TextSize = true, theme.TextHuge
	small := own.NewLabel(per)
	small.Colour, small.TextSize = theme.TextDim, theme.TextSmall
	lines := own.Below(8, -1, name, own.Below(0, -1, price, small))
	lines.Add(own.Stack(strut(planAction), own.Below(0, -1, action(m, o))))
	for _, f := range o.Features {
		lines.Add(planLine(f, o.Current))
	}
	return card(lines)
}

// planAction is the height of what can be done with a plan: one in every plan, so that what they give
// stands in rows.
const planAction = 36

// action is what can be done with a plan.
func action(m *PlanModel, o wire.Offer) fyne.CanvasObject {
	switch {
	case o.Current:
		yours := own.NewChip("your plan", nil)
		yours.SetOn(true)
		return own.Beside(8, -1, yours)
	case o.Checkout:
		buy := own.NewTextButton("", "Upgrade…", "Opens the payment page in your browser", m.Buy)
		buy.Strong = true
		return own.Beside(8, -1, buy)
	}
	return paragraph(text(o.Why))
}

// strut keeps a height free.
func strut(height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(0, height))
	return r
}

// planLine is one thing that a plan gives; what is more than the account has stands out.
func planLine(f wire.Feature, current bool) fyne.CanvasObject {
	what := own.NewLabel(f.Name)
	what.Colour, what.TextSize = theme.TextDim, theme.TextSmall
	value := own.NewLabel(f.Value)
	switch {
	case f.Value == "":
		value.SetText("–")
		value.Colour = theme.TextFaint
	case f.More && !current:
		value.Colour = theme.Good
	}
	return own.Below(0, -1, what, value)
}

func title(tier string) string {
	if tier == "" {
		return ""
	}
	return string(tier[0]-'a'+'A') + tier[1:]
}
