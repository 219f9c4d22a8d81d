-- How people see the members of the engine: in which order, in which colour, under which name.

ALTER TABLE schemes ADD COLUMN rank INTEGER;
ALTER TABLE schemes ADD COLUMN colour VARCHAR;
ALTER TABLE schemes ADD COLUMN label VARCHAR;
COMMENT ON COLUMN schemes.rank IS 'Position among the members of its kind, ascending; members with NULL come last, in alphabetical order.';
COMMENT ON COLUMN schemes.colour IS 'Colour in charts, by its name in the palette of the dashboard, the same on every page; NULL where it follows from the name.';
COMMENT ON COLUMN schemes.label IS 'What it is called in sentences, without parameters: batch norm, no norm. NULL where an engine from before this column wrote the card; the named query presentation has one for each.';

-- What theory must know of an initialization that has never been measured.

ALTER TABLE schemes ADD COLUMN alike BOOLEAN;
COMMENT ON COLUMN schemes.alike IS 'Initializers: whether all weights of a layer are alike, so that its units begin alike and no theory of independent weights applies. NULL for other kinds, and where an engine from before this column wrote the card.';

COMMENT ON TABLE schemes IS 'The card of each member of the engine: initializers, activations, normalizations and so on; and of the parts of the quantities that studies measure, where these are always the same.';
COMMENT ON COLUMN schemes.kind IS 'Family: initializer, activation, normalization, network, optimizer, dataset, preprocessing, study, preset; or part, of a quantity that a study measures.';
COMMENT ON COLUMN schemes.name IS 'Name in grid files and in the axis columns, without parameters; of a part, its name in measurements.';
