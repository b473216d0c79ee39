// Package sp404 carries kits to cards of the Roland SP-404MK2 and back: it plans what would be
// written, writes it whole or not at all, verifies it, and reads cards, projects, samples and
// patterns of the device. Its sub-packages know the bytes of one format each.
//
// It trades in kit.Kit and in files; it must never know a database, a window or a network.
// Nothing here touches the card's BKUP folder or firmware files.
package sp404
