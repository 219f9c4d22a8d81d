-- Each histogram counts every value once: batch size times width.
SELECT cell_id, layer, tap, coalesce(list_sum(counts), 0) + underflow + overflow + nonfinite AS counted,
       batch_size * width AS required
FROM layer_histograms JOIN cells USING (cell_id)
WHERE coalesce(list_sum(counts), 0) + underflow + overflow + nonfinite <> batch_size * width
