-- How large the weights of each initialization are: its σw, in the last layer of the widest network measured.
-- $activation VARCHAR = NULL: only this activation; NULL means all
SELECT init, activation, arg_max(sigma_w, (width, depth, layer)) AS sigma_w, max(width) AS width
FROM layers JOIN cells USING (cell_id)
WHERE study = 'propagation' AND ($activation IS NULL OR activation = $activation) AND isfinite(sigma_w)
GROUP BY init, activation
ORDER BY activation, sigma_w, init
