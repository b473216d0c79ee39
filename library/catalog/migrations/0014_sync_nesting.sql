-- Which collections lie in which, as the cells say: asked whenever one of them comes or moves.
CREATE INDEX sync_nesting ON sync_cells (object) WHERE field IN ('parent', 'position');
