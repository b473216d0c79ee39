package cloud

import "errors"

// nesting is which collection lies in which: in as the cells of all machines say, placed as this
// library shows it. Both are by id, "" for the top.
type nesting struct{ in, placed map[string]string }

func (o objects) nesting() (n nesting, err error) {
	if n.in, err = o.tx.Nesting(); err != nil {
		return n, err
	}
	n.placed, err = o.tx.Parents()
	return n, err
}

// shown is where a collection is shown: where its cells say, or at the top while that is not here.
// Where machines that did not know of each other have put collections into one another, the first of
// them by its id is shown at the top, on every machine. The cells stay as they are: the rest of the
// moves may still be on its way.
func (n nesting) shown(id string) string {
	parent := n.in[id]
	if _, here := n.placed[parent]; !here {
		return ""
	}
	least := id
	for at, steps := parent, 0; at != ""; at, steps = n.in[at], steps+1 {
		if at == id {
			if least == id {
				return ""
			}
			break
		}
		if steps > len(n.in) { // a circle above, which it only leads to
			break
		}
		if at < least {
			least = at
		}
	}
	return parent
}

// nest puts collections where the cells say, after one of them came, went or was moved. Those that a
// person has just moved, or made, are not yet cells and stay where they are.
func (o objects) nest() error {
	n, err := o.nesting()
	if err != nil {
		return err
	}
	for id, at := range n.placed {
		to := n.shown(id)
		if _, known := n.in[id]; !known || at == to {
			continue
		}
		_, dirty, dirtyErr := o.tx.DirtyAt("collection/" + id)
		if err = errors.Join(err, dirtyErr); !dirty {
			err = errors.Join(err, o.tx.Place(id, to))
		}
	}
	return err
}
