package app

import (
	"context"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
)

// Samples reads what the list shows of rows, in their order; rows that are gone are left out.
func (a *App) Samples(ctx context.Context, rows []catalog.Row) ([]catalog.Sample, error) {
	return a.db.Samples(ctx, rows)
}

// Sample reads one sample. Error: catalog.ErrNotFound.
func (a *App) Sample(ctx context.Context, row catalog.Row) (catalog.Sample, error) {
	return a.db.Sample(ctx, row)
}

// SampleByID reads the sample with a text id. Error: catalog.ErrNotFound.
func (a *App) SampleByID(ctx context.Context, id string) (catalog.Sample, error) {
	return a.db.SampleByID(ctx, id)
}

// SampleByPath reads the sample of the file at an absolute path. Error: catalog.ErrNotFound.
func (a *App) SampleByPath(ctx context.Context, path string) (catalog.Sample, error) {
	return a.db.SampleByPath(ctx, path)
}

// Report is everything known about a sample, with the values that win.
func (a *App) Report(ctx context.Context, row catalog.Row) (*analysis.Report, error) {
	return a.db.Report(ctx, row)
}

// Reports is Report for many samples that were read before, in their order.
func (a *App) Reports(ctx context.Context, samples []catalog.Sample) ([]*analysis.Report, error) {
	return a.db.Reports(ctx, samples)
}

// Values lists what was found and what was typed of a sample: the inspector's two columns.
func (a *App) Values(ctx context.Context, row catalog.Row) ([]catalog.Value, error) {
	return a.db.Values(ctx, row)
}

// Source is where a sample comes from, and its licence.
func (a *App) Source(ctx context.Context, row catalog.Row) (catalog.Source, error) {
	return a.db.Source(ctx, row)
}

// Counts is how many samples there are in each state.
func (a *App) Counts(ctx context.Context) (catalog.Counts, error) { return a.db.Counts(ctx) }

// AllTags lists the tags in use with their numbers of samples.
func (a *App) AllTags(ctx context.Context) ([]catalog.Tag, error) { return a.db.Tags(ctx) }

// Failures lists what an import could not take that is no sample: folders that cannot be opened.
func (a *App) Failures(ctx context.Context) ([]catalog.Failure, error) { return a.db.Failures(ctx) }

// Search finds samples in the window's query language; an empty query finds all. An error in the
// query is a *search.Error that knows the word's place.
func (a *App) Search(ctx context.Context, query string, sort search.Sort) ([]catalog.Row, error) {
	return a.SearchFirst(ctx, query, sort, 0)
}

// SearchFirst is Search with at most limit results; 0 means all.
func (a *App) SearchFirst(ctx context.Context, query string, sort search.Sort, limit int) ([]catalog.Row, error) {
	q, err := search.Parse(query)
	if err != nil {
		return nil, err
	}
	return search.Run(ctx, a.db, q, sort, limit)
}

// searchImport is the order of import.
var searchImport = search.Sort{By: search.Import}

// Count counts what a query finds.
func (a *App) Count(ctx context.Context, query string) (int, error) {
	rows, err := a.Search(ctx, query, searchImport)
	return len(rows), err
}
