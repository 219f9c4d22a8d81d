-- The card of every scheme: title, formula, reference, notes, and the same in PyTorch.
-- $kind VARCHAR = NULL: only this kind (initializer, activation, normalization, optimizer …); NULL means all
SELECT kind, name, title, formula, reference, notes, parameters, aliases, snippet, rank, colour, label, alike, normalizes, eps
FROM schemes
WHERE $kind IS NULL OR kind = $kind
ORDER BY kind, name
