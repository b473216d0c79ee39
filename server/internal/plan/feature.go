package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Feature is something that an operator can switch on and off by itself.
type Feature string

// The features.
const (
	FeaturePro        Feature = "pro"          // the pro and enterprise tiers and the trial are offered
	FeatureBilling    Feature = "billing"      // payment, where Stripe is set
	FeatureAI         Feature = "ai"           // listening by the small model, where a provider is set
	FeatureLarge      Feature = "large-models" // the large model and deep analyses
	FeatureBatch      Feature = "batch"        // many files in one upload
	FeatureExport     Feature = "export"       // cards for the SP-404MK2 built in the cloud
	FeatureKeys       Feature = "api-keys"     // keys for programs
	FeatureSync       Feature = "sync"         // machines in sync
	FeatureWhiteLabel Feature = "white-label"  // tenants with their own name and host
)

// AllFeatures are all that can be switched, in the order in which they came with the phases.
var AllFeatures = []Feature{FeaturePro, FeatureBilling, FeatureAI, FeatureKeys, FeatureSync, FeatureBatch, FeatureExport, FeatureLarge, FeatureWhiteLabel}

// Features are those that are on.
type Features map[Feature]bool

// On says whether a feature is on.
func (f Features) On(name Feature) bool { return f[name] }

// Phase says what an operator offers (A95 to A97).
type Phase int

// The phases.
const (
	FreeOnly Phase = 1 // free accounts, analysis without AI
	WithPro  Phase = 2 // and the small model, pro, billing
	All      Phase = 3 // and batches, exports, large models
)

// Features are those of a phase.
func (p Phase) Features() Features {
	f := Features{}
	if p >= WithPro {
		for _, name := range []Feature{FeaturePro, FeatureBilling, FeatureAI, FeatureKeys, FeatureSync} {
			f[name] = true
		}
	}
	if p >= All {
		for _, name := range []Feature{FeatureBatch, FeatureExport, FeatureLarge, FeatureWhiteLabel} {
			f[name] = true
		}
	}
	return f
}

// ParseFeature reads a feature's name.
func ParseFeature(name string) (Feature, error) {
	if f := Feature(name); slices.Contains(AllFeatures, f) {
		return f, nil
	}
	return "", fmt.Errorf("no feature is called %q; there are %s", name, strings.Join(names(AllFeatures), ", "))
}

func names(list []Feature) []string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = string(f)
	}
	return out
}

// ParseFeatures reads the setting: name=on or name=off each, over those of the phase.
func ParseFeatures(over Features, setting []string) (Features, error) {
	out := Features{}
	for f, on := range over {
		out[f] = on
	}
	for _, text := range setting {
		name, state, _ := strings.Cut(text, "=")
		f, err := ParseFeature(name)
		if err != nil {
			return nil, err
		}
		if state != "on" && state != "off" {
			return nil, fmt.Errorf("%q: say %s=on or %s=off", text, name, name)
		}
		out[f] = state == "on"
	}
	return out, nil
}

// In is l with what is switched off taken away.
func (l Limits) In(f Features) Limits {
	if !f.On(FeatureBatch) {
		l.Batch = 0
	}
	if !f.On(FeatureExport) {
		l.Exports = false
	}
	if !f.On(FeatureKeys) {
		l.APIRequests = 0
	}
	if !f.On(FeatureSync) {
		l.Sync = false
	}
	if !f.On(FeatureWhiteLabel) {
		l.WhiteLabel = false
	}
	if !f.On(FeatureLarge) {
		l.Models, l.DeepShare = without(l.Models, Large), 0
	}
	if !f.On(FeatureAI) {
		l.AIMicro, l.Models, l.DeepShare = 0, nil, 0
	}
	return l
}

func without(models []Model, m Model) []Model {
	return slices.DeleteFunc(slices.Clone(models), func(k Model) bool { return k == m })
}
